/// Events of feedback for tests, and the training set that they make.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "feedback/training_set.h"

namespace winnow {

/// Returns an event whose word is "spam", "ham" or "forget", at that second.
inline FeedbackEvent FeedbackWord(const std::string& word, int second, const std::string& user = "anna",
                                  const std::string& text = "win a prize") {
  FeedbackEvent event;
  event.idempotency_key = word + std::to_string(second) + user + text;
  event.text = text;
  event.user_id = user;
  event.feedback_type = word == "forget" ? "forget" : "user_rejection";
  if (word != "forget") event.is_spam = word == "spam";
  event.created_at = StoreTime(std::chrono::seconds(1'800'000'000 + second));
  return event;
}

/// The training set as the bytes of a file.
inline std::string Exported(std::span<const FeedbackEvent> events) {
  const std::vector<FeedbackState> states = CurrentFeedback(events);
  std::string lines;
  for (const TrainingRow& row : MakeTrainingSet(states, ComputeTrust(states, {}), {}).rows)
    lines += Json({{"text", row.text}, {"label", row.label}}).dump() + "\n";
  return lines;
}

}  // namespace winnow
