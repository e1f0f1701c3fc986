/// Feedback that tests add to a store and read again.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace winnow {

/// Returns the report of a text as spam, with that idempotency key.
inline FeedbackEvent SpamReport(const std::string& key, const std::string& text = "win a prize") {
  FeedbackEvent event;
  event.idempotency_key = key;
  event.text = text;
  event.is_spam = true;
  event.feedback_type = "user_rejection";
  return event;
}

inline std::vector<std::string> TextsOf(const std::vector<StoredFeedback>& stored) {
  std::vector<std::string> texts;
  for (const StoredFeedback& feedback : stored) texts.push_back(feedback.event.text);
  return texts;
}

}  // namespace winnow
