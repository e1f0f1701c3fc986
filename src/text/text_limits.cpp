#include "text/text_limits.h"

#include <ctime>

namespace winnow {

bool MatchTime::Over() {
  constexpr double kSeconds = 1, kSecondsPerByte = 5e-6, kNanosecond = 1e-9;
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  const double seconds = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * kNanosecond;
  if (end_ == 0) end_ = seconds + kSeconds + kSecondsPerByte * static_cast<double>(bytes_);
  return seconds > end_;
}

}  // namespace winnow
