#include "feedback/feedback_caps.h"

namespace winnow {

bool FeedbackCaps::Count(uint64_t user, uint64_t sender, StoreTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const auto oldest = (days_.empty() ? day : days_.rbegin()->first) - std::chrono::days(40);
  if (day < oldest) return false;
  Day& counts = days_[day];
  while (days_.begin()->first < oldest) days_.erase(days_.begin());
  bool within = true;
  if (user != 0) within = ++counts.of_user[user] <= limits_.per_user;
  // What a user reports beyond the cap does not use up the cap of the sender.
  if (within && sender != 0) within = ++counts.of_sender[sender] <= limits_.per_sender;
  return within;
}

}  // namespace winnow
