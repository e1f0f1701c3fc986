#include "store/feedback_json.h"

#include "base/hash.h"
#include "base/json.h"

namespace winnow {
namespace {

void AddText(Json& json, const char* name, const std::optional<std::string>& text) {
  if (text) json[name] = *text;
}

Json ContentsOf(const FeedbackEvent& event) {
  Json json = {{"text", event.text}, {"feedback_type", event.feedback_type}, {"source", event.source}};
  if (event.is_spam) json["is_spam"] = *event.is_spam;
  if (event.score) json["score"] = *event.score;
  AddText(json, "label", event.label);
  AddText(json, "message_id", event.message_id);
  AddText(json, "user_id", event.user_id);
  AddText(json, "model_version", event.model_version);
  return json;
}

}  // namespace

std::string FeedbackLine(const FeedbackEvent& event) {
  Json json = ContentsOf(event);
  json["idempotency_key"] = event.idempotency_key;
  json["created_at"] = TimeText(event.created_at);
  return json.dump();
}

Result<FeedbackEvent> ParseFeedbackLine(std::string_view line) {
  const Json json = TRY(ParseJson(line, "feedback"));
  const JsonObject object = TRY(JsonObject::Of(json, "feedback"));
  const auto key = TRY(object.String("idempotency_key"));
  const auto text = TRY(object.String("text"));
  const auto type = TRY(object.String("feedback_type"));
  const auto source = TRY(object.String("source"));
  const auto time = TRY(object.String("created_at"));
  const auto created_at = ParseTimeText(time.value_or(""));
  if (!key || !text || !type || !source || !created_at) {
    return Fail(ErrorCode::kInvalidData,
                "feedback: one of idempotency_key, text, feedback_type, source and created_at is missing or not valid");
  }
  FeedbackEvent event;
  event.idempotency_key = *key;
  event.text = *text;
  event.feedback_type = *type;
  event.source = *source;
  event.created_at = *created_at;
  event.is_spam = TRY(object.Bool("is_spam"));
  event.score = TRY(object.Number("score"));
  event.label = TRY(object.String("label"));
  event.message_id = TRY(object.String("message_id"));
  event.user_id = TRY(object.String("user_id"));
  event.model_version = TRY(object.String("model_version"));
  return event;
}

std::string DigestOf(const FeedbackEvent& event) { return Sha256(DumpJsonLine(ContentsOf(event))); }

}  // namespace winnow
