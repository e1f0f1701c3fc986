/// One step of a thread in the background, whose failure must not end the program.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <new>
#include <string_view>
#include <type_traits>

#include "base/log.h"
#include "base/result.h"

namespace winnow {

/// Calls `step`. An exception, such as std::bad_alloc where the memory is limited, ends this step alone; the thread
/// goes on with the next one. It is logged as a failure of `name`, once per minute and call site at most: without
/// memory, all steps may fail. Thread-safe if `step` is.
template <typename Step>
void RunBackgroundStep(std::string_view name, const Step& step) {
  try {
    step();
  } catch (const std::exception& e) {
    static std::atomic<int64_t> last = INT64_MIN;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const int64_t minute = std::chrono::floor<std::chrono::minutes>(now).count();
    if (last.exchange(minute) == minute) return;
    try {
      LogError("{}: {}", name, e.what());
    } catch (const std::bad_alloc&) {  // the next minute may have memory for it
    }
  }
}

/// RunBackgroundStep for a step that returns a Result, which is returned. Errors: those of the step; kIo with "there
/// was too little memory" after an exception.
template <typename Step>
std::invoke_result_t<const Step&> BackgroundStepResult(std::string_view name, const Step& step) {
  std::invoke_result_t<const Step&> result = Fail(ErrorCode::kIo, "there was too little memory");
  RunBackgroundStep(name, [&] { result = step(); });
  return result;
}

}  // namespace winnow
