/// What feedback changes in the scores of senders.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "filter/sender_learner.h"
#include "store/records.h"

namespace winnow {

/// Returns the event's place among `events`, which are ordered by id: the events before it. An event that is not among
/// them, since it waits in a spool, comes last; one that was sent again is known by what it said.
std::span<const StoredFeedback> EventsBefore(std::span<const StoredFeedback> events, const FeedbackEvent& event,
                                             bool sent_again);

/// Returns how a person's or an administrator's event changes the sender's score: by what it says in place of what
/// those whose words it replaces (OriginsReplacedBy) have said about the message in `earlier` events. Two reports of
/// one user about one message count as the last one does, and what is withdrawn counts nothing. The score is that of
/// the user; that for all users if an administrator says so, or if there is no user.
std::vector<SenderLesson> SenderLessons(const FeedbackEvent& event, const std::string& sender,
                                        std::span<const StoredFeedback> earlier);

}  // namespace winnow
