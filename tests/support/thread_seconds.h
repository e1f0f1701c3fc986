/// Time that does not count what other programs do: of a processor, in place of a clock on the wall.
#pragma once

#include <ctime>

namespace winnow {

/// Returns the seconds for which the calling thread has had a core so far. The difference of two calls bounds work on a
/// machine of any load; work of other threads does not count.
inline double ThreadSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace winnow
