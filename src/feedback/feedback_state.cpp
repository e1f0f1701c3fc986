#include "feedback/feedback_state.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/parse_number.h"
#include "store/feedback_json.h"

namespace winnow {
namespace {

constexpr auto kOwnSources =
    std::to_array<std::string_view>({"winnow", "model", "classifier", "rules", "reputation", "memory", "fallback"});
constexpr auto kPeoplesSources = std::to_array<std::string_view>({"user", "admin", "import"});

/// Names of the two labels that is_spam says better.
constexpr auto kNamesOfTwo =
    std::to_array<std::string_view>({"spam", "junk", "ham", "not_spam", "not spam", "legitimate"});

/// Returns the newest text of each message id. Of two texts of one time, the one whose SHA-256 is greater, which
/// TrustState knows, too.
std::map<std::string_view, std::string_view> TextsOfIds(std::span<const FeedbackEvent> events) {
  std::map<std::string_view, const FeedbackEvent*> newest;
  for (const FeedbackEvent& event : events) {
    if (!event.message_id || event.text.empty()) continue;
    const FeedbackEvent*& known = newest[*event.message_id];
    if (known == nullptr || known->created_at < event.created_at ||
        (known->created_at == event.created_at && known->text != event.text &&
         Sha256(known->text) < Sha256(event.text)))
      known = &event;
  }
  std::map<std::string_view, std::string_view> texts;
  for (const auto& [id, event] : newest) texts.emplace(id, event->text);
  return texts;
}

}  // namespace

bool IsOwnSource(std::string_view source) { return std::ranges::find(kOwnSources, source) != kOwnSources.end(); }

FeedbackOrigin OriginOf(const FeedbackEvent& event) {
  if (IsOwnSource(event.source)) return FeedbackOrigin::kOwn;
  if (std::ranges::find(kPeoplesSources, event.source) == kPeoplesSources.end()) return FeedbackOrigin::kTeacher;
  return event.feedback_type == kAdminFeedback || event.source == kAdminFeedback ? FeedbackOrigin::kAdmin
                                                                                 : FeedbackOrigin::kPerson;
}

std::span<const FeedbackOrigin> OriginsReplacedBy(const FeedbackEvent& event) {
  static constexpr auto kOrigins =
      std::to_array({FeedbackOrigin::kPerson, FeedbackOrigin::kAdmin, FeedbackOrigin::kTeacher, FeedbackOrigin::kOwn});
  const FeedbackOrigin origin = OriginOf(event);
  const std::span<const FeedbackOrigin> all = kOrigins;
  if (origin == FeedbackOrigin::kAdmin && event.feedback_type == kForgetFeedback) return all.first(2);
  return all.subspan(static_cast<size_t>(std::ranges::find(all, origin) - all.begin()), 1);
}

std::optional<std::string> LabelOf(const FeedbackEvent& event) {
  if (!event.is_spam) return event.label;
  const std::string lower = LowerAscii(event.label.value_or(""));
  if (!lower.empty() && std::ranges::find(kNamesOfTwo, lower) == kNamesOfTwo.end()) return event.label;
  return *event.is_spam ? "spam" : "ham";
}

std::optional<bool> IsSpam(const FeedbackEvent& event) {
  if (event.is_spam) return event.is_spam;
  if (event.label == "spam") return true;
  if (event.label == "ham") return false;
  return std::nullopt;
}

EventOrder OrderOf(const FeedbackEvent& event) {
  const std::string hexadecimal = DigestOf(event);
  const auto digest = ParseNumber<uint64_t>(std::string_view(hexadecimal).substr(0, 16), 16);
  return {event.created_at, event.feedback_type == kForgetFeedback, digest.value_or(0)};
}

std::vector<FeedbackState> CurrentFeedback(std::span<const FeedbackEvent> events) {
  const std::map<std::string_view, std::string_view> texts = TextsOfIds(events);
  const auto text_of = [&](const FeedbackEvent& event) -> std::string_view {
    if (!event.message_id) return event.text;
    const auto found = texts.find(*event.message_id);
    return found == texts.end() ? std::string_view(event.text) : found->second;
  };
  using Key = std::tuple<std::string_view, FeedbackOrigin, std::string_view>;
  std::map<Key, std::pair<EventOrder, const FeedbackEvent*>> last;
  for (const FeedbackEvent& event : events) {
    const FeedbackOrigin origin = OriginOf(event);
    const std::string_view text = text_of(event);
    const bool forgets = event.feedback_type == kForgetFeedback;
    if (origin == FeedbackOrigin::kOwn || text.empty() || (!forgets && !LabelOf(event))) continue;
    const std::string_view user = origin == FeedbackOrigin::kTeacher ? std::string_view(event.source)
                                  : event.user_id                    ? std::string_view(*event.user_id)
                                                                     : "";
    const EventOrder order = OrderOf(event);
    for (const FeedbackOrigin replaced : OriginsReplacedBy(event)) {
      auto& known = last[{text, replaced, user}];
      if (known.second == nullptr || known.first < order) known = {order, &event};
    }
  }
  std::vector<FeedbackState> states;
  for (const auto& [key, newest] : last) {
    const FeedbackEvent* const event = newest.second;
    if (event->feedback_type == kForgetFeedback) continue;
    const auto& [text, origin, user] = key;
    states.push_back({Sha256(text), std::string(text), std::string(user), LabelOf(*event).value_or(""), origin,
                      event->message_id, event->created_at});
  }
  std::ranges::sort(states, {},
                    [](const FeedbackState& state) { return std::tie(state.message, state.user, state.origin); });
  return states;
}

}  // namespace winnow
