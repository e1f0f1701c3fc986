#include "forget/forget_spool.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "base/json.h"
#include "feedback/feedback_log.h"
#include "store/feedback_json.h"
#include "store/spool.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// A server that runs delivers its spool, and drops what was forgotten, every two seconds.
constexpr std::chrono::seconds kServerTakes(15);

bool Goes(std::string_view record, const ForgetSubject& subject, const Tombstones* tombstones) {
  const Result<FeedbackEvent> event = ParseFeedbackLine(record);
  if (!event) {  // of a damaged file: a part of a line
    return std::ranges::any_of(subject.texts, [&](const std::string& text) {
      const std::string quoted = Json(text).dump();
      return text.size() > 3 && record.find(std::string_view(quoted).substr(1, quoted.size() - 2)) != std::string::npos;
    });
  }
  const auto among = [](const std::vector<std::string>& names, const std::optional<std::string>& name) {
    return name && std::ranges::find(names, *name) != names.end();
  };
  const auto of_user = [&] { return event->user_id && IsAmong(subject.users, *event->user_id); };
  return of_user() || among(subject.message_ids, event->message_id) || subject.forgotten.Contains(event->text) ||
         (tombstones != nullptr && tombstones->Cover(*event));
}

}  // namespace

Result<SpoolRemoval> ForgetInSpool(const fs::path& spool, const ForgetSubject& subject, const Tombstones* tombstones,
                                   bool dry_run) {
  const auto goes = [&](std::string_view record) { return Goes(record, subject, tombstones); };
  SpoolRemoval removal{.removed = TRY(CountInSpool(spool, goes))};
  std::error_code ignored;
  if (dry_run || !fs::exists(spool, ignored)) return removal;
  Result<std::unique_ptr<Spool>> opened = Spool::Open(spool);
  if (opened) {
    removal.removed = TRY((*opened)->Forget(goes));
    return removal;
  }
  if (opened.error().code != ErrorCode::kExists || tombstones == nullptr) return std::unexpected(opened.error());
  const auto until = std::chrono::steady_clock::now() + kServerTakes;
  removal.left = removal.removed;
  while (removal.left > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    removal.left = TRY(CountInSpool(spool, goes));
  }
  removal.removed -= removal.left;
  return removal;
}

}  // namespace winnow
