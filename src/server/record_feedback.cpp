#include "server/record_feedback.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/suggest.h"
#include "feedback/feedback_state.h"
#include "filter/sender.h"
#include "filter/sender_lessons.h"
#include "server/filter_request.h"
#include "store/spam_label.h"
#include "text/redaction.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Earlier feedback about a message has its text, which the history may have redacted.
MessageRecord WithKnownText(Store& store, MessageRecord message) {
  if (!message.redacted) return message;
  const Result<std::vector<StoredFeedback>> earlier =
      store.ListFeedback({.message_id = message.message_id, .limit = 1000});
  if (!earlier) return message;
  for (const StoredFeedback& stored : *earlier) {
    if (stored.event.text.empty()) continue;
    message.text = stored.event.text;
    message.redacted = false;
  }
  return message;
}

/// Returns the message that the feedback is about; nothing if there is none or, while the store is down, it is unknown.
ApiResult<std::optional<MessageRecord>> FindMessage(const FilterService& filter, const std::string& id) {
  if (filter.history() != nullptr) {
    if (std::optional<MessageRecord> recent = filter.history()->Recent(id)) return recent;
  }
  const std::shared_ptr<Store> store = filter.Lookups();
  if (store == nullptr) return std::nullopt;
  Result<std::optional<StoredMessage>> found = store->FindMessage(id);
  if (!found) {  // the feedback is worth keeping nevertheless
    if (IsOutage(found.error())) filter.recorder().NoteOutage(found.error());
    return std::nullopt;
  }
  if (*found) return WithKnownText(*store, (*found)->message);
  return Reject(404, "NotFound", "no message has this id; it may be older than the history, so send the text instead");
}

/// Settles the text of a message whose stored text may be redacted. Feedback is about the true text, which is known of
/// recent messages, or sent. What is withdrawn needs none, since it is found by the id.
ApiResult<void> SettleText(const FeedbackCall& call, MessageRecord& message) {
  if (call.text.empty()) {
    if (!message.redacted) return {};
    message.text.clear();
    if (call.forget) return {};
    return Reject(422, "Validation",
                  "only the redacted text of this message is known, since it is not a recent one; send 'text', too");
  }
  const bool same = message.redacted ? IsRedactionOf(message.text, call.text) : call.text == message.text;
  if (!same) return Reject(422, "Validation", "'text' is not the text of the message 'id'");
  message.text = call.text;
  message.redacted = false;
  return {};
}

/// Returns the stored events of the user about the message, by id; none while the store is down.
std::vector<StoredFeedback> EventsAbout(const FilterService& filter, const FeedbackEvent& event) {
  const std::shared_ptr<Store> store = filter.Lookups();
  if (store == nullptr || !event.message_id) return {};
  FeedbackFilter about{.message_id = event.message_id, .limit = 1000};
  if (event.user_id) about.user_id = event.user_id;
  Result<std::vector<StoredFeedback>> found = store->ListFeedback(about);
  return found ? *std::move(found) : std::vector<StoredFeedback>();
}

/// Returns whether the last of the earlier words about the message whose place the event takes says the same.
bool SaidBefore(std::span<const StoredFeedback> earlier, const FeedbackEvent& event) {
  std::optional<bool> last;
  for (const StoredFeedback& each : earlier) {
    const std::span<const FeedbackOrigin> replaced = OriginsReplacedBy(each.event);
    if (each.event.user_id == event.user_id && std::ranges::find(replaced, OriginOf(event)) != replaced.end())
      last = each.event.is_spam;
  }
  return last && last == event.is_spam;
}

/// Completes the event from what is known about its message. Returns the sender.
std::string Complete(const FeedbackCall& call, const std::optional<MessageRecord>& message, FeedbackEvent& event) {
  event.idempotency_key = call.key;
  event.is_spam = call.is_spam;
  event.label = call.label;
  if (!event.label && call.is_spam) event.label = *call.is_spam ? "spam" : "ham";
  event.feedback_type = call.forget ? std::string(kForgetFeedback) : call.type;
  if (call.forget && call.by_admin) event.source = kAdminFeedback;
  if (!call.user.empty()) event.user_id = call.user;
  event.created_at = StoreNow();
  std::string sender = NormalSender(call.sender);
  // A text without an id is known by its digest, so that later feedback about it replaces the earlier one.
  event.message_id = call.id.empty() ? "text:" + Sha256(call.text) : call.id;
  event.text = call.text;
  if (message) {
    event.text = message->text;
    event.model_version = message->model_version;
    event.score = message->score;
    if (sender.empty() && message->sender) sender = *message->sender;
  }
  if (event.feedback_type.empty()) {
    const bool confirms = message && call.is_spam && message->is_spam == *call.is_spam;
    event.feedback_type = confirms ? "user_confirmation" : "user_rejection";
  }
  return sender;
}

}  // namespace

ApiResult<void> CheckFeedbackLabel(const ModelSet& models, std::string_view label) {
  if (IsSpamLabel(label)) return {};
  std::vector<std::string> known;
  for (const ModelSet::Entry& entry : models.List()) {
    known.insert(known.end(), entry.labels.begin(), entry.labels.end());
    if (entry.model == nullptr) continue;
    if (const ScopeRule* const scope = entry.model->classifier().scope_rule()) known.push_back(scope->label);
  }
  if (known.empty() || std::ranges::find(known, label) != known.end()) return {};
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  constexpr size_t kMostShown = 20;
  const std::span<const std::string> shown = std::span(known).first(std::min(known.size(), kMostShown));
  const std::string list =
      fmt::format("the labels are {}{}", fmt::join(shown, ", "), known.size() > shown.size() ? ", ..." : "");
  return Reject(fmt::format("'label': no model has this label; {}", DidYouMean(label, known, list)));
}

ApiResult<RecordedFeedback> RecordFeedback(const FilterService& filter, const FeedbackCall& call) {
  std::optional<MessageRecord> message;
  if (!call.id.empty()) message = TRY(FindMessage(filter, call.id));
  if (message) TRY(SettleText(call, *message));
  if (call.id.empty() && !call.forget && IsBlank(call.text))
    return Reject("the message has no text that could be learned");
  RecordedFeedback recorded;
  FeedbackEvent& event = recorded.event;
  const std::string sender = Complete(call, message, event);
  // Events about one message wait for each other, so that each knows those before it; others do not.
  const MutexLock lock(filter.learning(*event.message_id, event.user_id.value_or("")));
  recorded.repeated = call.skip_repeated && event.is_spam && SaidBefore(EventsAbout(filter, event), event);
  if (recorded.repeated) return recorded;
  // Without its text, which the store does not tell while it is down, the event waits in the spool.
  const Result<FeedbackOutcome> outcome = event.text.empty() ? filter.recorder().Add(event) : filter.log().Add(event);
  if (!outcome) return std::unexpected(StoreError(outcome.error()));
  recorded.outcome = *outcome;
  if (sender.empty()) return recorded;
  // A known event, too, since the process may have ended before it learnt from it. Nothing is learnt twice. What
  // another server has stored meanwhile has its place as well.
  const std::vector<StoredFeedback> events = EventsAbout(filter, event);
  const bool sent_again = *outcome == FeedbackOutcome::kDuplicate;
  for (const SenderLesson& lesson : SenderLessons(event, sender, EventsBefore(events, event, sent_again)))
    filter.learner().Learn(lesson);
  return recorded;
}

}  // namespace winnow
