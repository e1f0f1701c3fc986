/// What the feedback in a store says at present: the last word of each user about each message.
///
/// Events may arrive in another order than they happened, more than once, and from several servers. The state is
/// therefore a function of the set of events: events are ordered by their time, and events of one user about one
/// message with equal times by their contents (forget last), never by their arrival.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"

namespace winnow {

/// The feedback type that withdraws what its user said about the message.
inline constexpr std::string_view kForgetFeedback = "forget";
/// The feedback type of administrators.
inline constexpr std::string_view kAdminFeedback = "admin";

/// Who has given feedback.
enum class FeedbackOrigin {
  kPerson,   ///< a user, or a row that was imported from the table of another application
  kAdmin,    ///< a person whose word counts for everybody
  kTeacher,  ///< another program, which the event's source names
  kOwn,      ///< Winnow itself; never learnt from
};

/// Returns who says something, by the event's source and feedback type.
FeedbackOrigin OriginOf(const FeedbackEvent& event);

/// Returns whose earlier words an event replaces, of those with the name of its user: the words of its own origin, so
/// that nobody who uses the name of an administrator, or who like the administrator uses none, replaces the
/// administrator's word. What an administrator forgets (source "admin") is forgotten of persons, too.
std::span<const FeedbackOrigin> OriginsReplacedBy(const FeedbackEvent& event);

/// Returns true if the source is a name of Winnow's own steps, such as "classifier".
bool IsOwnSource(std::string_view source);

/// Returns the event's label; "spam" or "ham" if it has is_spam and no label, or another name of these two, such as
/// "junk"; nothing if it has neither.
std::optional<std::string> LabelOf(const FeedbackEvent& event);

/// Returns whether the event says that the message is spam; nothing if it names another label, or none.
std::optional<bool> IsSpam(const FeedbackEvent& event);

/// The place of an event among those of one user about one message: the last one counts.
struct EventOrder {
  StoreTime at = {};
  bool forgets = false;
  uint64_t digest = 0;  ///< digest of the contents
  friend auto operator<=>(const EventOrder&, const EventOrder&) = default;
};

EventOrder OrderOf(const FeedbackEvent& event);

/// The last word of a user, or of a teacher, about a message.
struct FeedbackState {
  std::string message = {};  ///< SHA-256 of the text
  std::string text = {};
  std::string user = {};  ///< empty: nobody was named; of a teacher: its name
  std::string label = {};
  FeedbackOrigin origin = FeedbackOrigin::kPerson;
  std::optional<std::string> message_id = {};
  StoreTime at = {};
};

/// Returns the states after all events, ordered by message, user and origin. A message is identified by its text;
/// events that name an id belong to the newest text with that id. Messages whose text is unknown, states that were
/// forgotten, events without a label and events of Winnow itself are left out.
std::vector<FeedbackState> CurrentFeedback(std::span<const FeedbackEvent> events);

}  // namespace winnow
