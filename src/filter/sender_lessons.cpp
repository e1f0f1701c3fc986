#include "filter/sender_lessons.h"

#include <algorithm>

#include "base/hash.h"
#include "feedback/feedback_state.h"

namespace winnow {
namespace {

/// Returns 1 for spam, -1 for ham and 0 for neither.
double SignOf(const std::optional<bool>& is_spam) { return !is_spam ? 0 : *is_spam ? 1 : -1; }

bool Replaces(const FeedbackEvent& event, FeedbackOrigin origin) {
  return std::ranges::find(OriginsReplacedBy(event), origin) != OriginsReplacedBy(event).end();
}

}  // namespace

std::span<const StoredFeedback> EventsBefore(std::span<const StoredFeedback> events, const FeedbackEvent& event,
                                             bool sent_again) {
  for (size_t i = events.size(); i-- > 0;) {
    const FeedbackEvent& each = events[i].event;
    if (each.user_id == event.user_id && each.is_spam == event.is_spam && OriginOf(each) == OriginOf(event) &&
        (sent_again || each.created_at == event.created_at))
      return events.first(i);
  }
  return events;
}

std::vector<SenderLesson> SenderLessons(const FeedbackEvent& event, const std::string& sender,
                                        std::span<const StoredFeedback> earlier) {
  std::vector<SenderLesson> lessons;
  const FeedbackOrigin own = OriginOf(event);
  if (sender.empty() || (own != FeedbackOrigin::kPerson && own != FeedbackOrigin::kAdmin)) return lessons;
  for (const FeedbackOrigin origin : OriginsReplacedBy(event)) {
    std::optional<bool> before;
    for (const StoredFeedback& each : earlier) {
      if (each.event.user_id == event.user_id && Replaces(each.event, origin)) before = each.event.is_spam;
    }
    const double delta = (origin == own ? SignOf(event.is_spam) : 0) - SignOf(before);
    if (delta == 0) continue;
    const bool for_all = origin == FeedbackOrigin::kAdmin || !event.user_id;
    lessons.push_back({.key = "reputation/" + Sha256(event.idempotency_key) + (origin == own ? "" : "/person"),
                       .sender = sender,
                       .user = for_all ? std::string() : *event.user_id,
                       .delta = delta,
                       .at = event.created_at});
  }
  return lessons;
}

}  // namespace winnow
