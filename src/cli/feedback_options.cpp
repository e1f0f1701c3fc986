#include "cli/feedback_options.h"

#include <fmt/format.h>

#include "base/files.h"
#include "store/store_url.h"

namespace winnow {

void AddStoreOption(FeedbackOptions& options, OptionTable& table) {
  table
      .Add("store", &options.store,
           "Store of the feedback: sqlite:FILE, sqlite:///absolute/FILE, or postgres://user:password@host/database")
      .ValueName("URL")
      .Required();
}

Result<std::unique_ptr<Store>> OpenExistingStore(const std::string& url) {
  const StoreAddress address = TRY(ParseStoreUrl(url));
  if (address.kind == StoreAddress::kSqlite && !Exists(address.path)) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", address.path.string()),
                "check --store; 'winnow feedback add' creates a store");
  }
  return Store::Open({.url = url});
}

Result<std::optional<StoreTime>> ParseTimeOption(std::string_view option, const std::string& value) {
  if (value.empty()) return std::nullopt;
  std::optional<StoreTime> time = ParseTimeText(value);
  if (!time) time = ParseTimeText(value + "T00:00:00Z");
  if (time) return time;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--{}: '{}' is not a time", option, value),
              "write it as 2026-11-28 or 2026-11-28T20:15:00Z, in UTC");
}

Json EventJson(const StoredFeedback& stored) {
  const FeedbackEvent& event = stored.event;
  Json json = {{"id", stored.id}, {"text", event.text}, {"feedback_type", event.feedback_type}};
  if (event.is_spam) json["is_spam"] = *event.is_spam;
  if (event.label) json["label"] = *event.label;
  if (event.message_id) json["message_id"] = *event.message_id;
  if (event.user_id) json["user"] = *event.user_id;
  if (event.model_version) json["model_version"] = *event.model_version;
  if (event.score) json["score"] = *event.score;
  json["source"] = event.source;
  json["created_at"] = TimeText(event.created_at);
  return json;
}

}  // namespace winnow
