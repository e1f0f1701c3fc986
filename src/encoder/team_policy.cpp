#include "encoder/team_policy.h"

#include <algorithm>

namespace winnow {
namespace {

/// The time that a call takes however short its texts are, in units of the time of a token.
constexpr double kCallTokens = 16;
constexpr size_t kTrials = 3;
constexpr size_t kShortestInterval = 64, kLongestInterval = 1024;
/// The current way is this much slower than the other one was: time to try the other one.
constexpr double kSuspicious = 1.2;

}  // namespace

void TeamPolicy::Recent::Add(double value) { values_[count_++ % kKept] = value; }

double TeamPolicy::Recent::Median() const {
  std::array<double, kKept> sorted = values_;
  const size_t count = std::min(count_, kKept);
  std::sort(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(count));
  return count == 0 ? 0 : sorted[count / 2];
}

bool TeamPolicy::ChooseTogether() {
  if (trials_ > 0) return !current_;
  if (++calls_ < interval_) return current_;
  calls_ = 0;
  trials_ = kTrials;
  return !current_;
}

void TeamPolicy::Record(bool together, size_t tokens, double seconds) {
  const double duration = seconds / (static_cast<double>(tokens) + kCallTokens);
  if (together == current_) {
    Of(current_).Add(duration);
    const bool suspicious = !Of(!current_).empty() && Of(current_).Median() > kSuspicious * Of(!current_).Median();
    if (suspicious && interval_ > kShortestInterval) calls_ = interval_ = kShortestInterval;
    return;
  }
  Recent& tried = Of(together);
  if (trials_ == kTrials) tried.Clear();
  tried.Add(duration);
  if (trials_ > 0) --trials_;
  if (duration >= Of(current_).Median()) {
    trials_ = 0;
    interval_ = std::clamp(2 * interval_, kShortestInterval, kLongestInterval);
  } else if (trials_ == 0) {
    current_ = together;
    calls_ = 0;
    interval_ = kShortestInterval;
  }
}

}  // namespace winnow
