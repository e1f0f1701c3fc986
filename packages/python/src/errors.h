/// Winnow's errors as Python exceptions, and native calls that leave the interpreter free.
#pragma once

#include <nanobind/nanobind.h>
#include <signal.h>

#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/result.h"

namespace winnow::python {

namespace nb = nanobind;

/// Throws the exception of winnow._errors that belongs to the error. The caller holds the interpreter lock.
[[noreturn]] void Raise(const Error& error);

/// Returns the value of a result, or throws its error. The caller holds the interpreter lock.
template <typename T>
T Value(Result<T> result) {
  if (!result) Raise(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// A stretch of native work: the interpreter lock is released, and the calling thread takes no signals, because
/// oneDNN's generated kernels use the stack pointer as one more register, so that a signal handler would write into
/// whatever it points to (base/interrupt.cpp). Threads that start meanwhile take no signals either.
class NativeWork {
 public:
  NativeWork();
  NativeWork(const NativeWork&) = delete;
  NativeWork& operator=(const NativeWork&) = delete;
  ~NativeWork();

  /// Has Python run its signal handlers, at most every 50 ms. Returns false once one of them has raised an exception,
  /// such as KeyboardInterrupt; the work then ends, and RaiseIfStopped throws it. To be called between kernels, by the
  /// thread that made the object.
  bool Continue();

  /// Calls a function with the interpreter lock. Returns false if it returned false or threw; the exception is kept.
  template <typename Function>
  bool WithInterpreter(const Function& function) {
    if (stopped_) return false;
    ::PyEval_RestoreThread(thread_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    try {
      if (!function()) stopped_ = true;
    } catch (...) {
      exception_ = std::current_exception();
      stopped_ = true;
    }
    ::pthread_sigmask(SIG_SETMASK, &blocked_, nullptr);
    thread_ = ::PyEval_SaveThread();
    return !stopped_;
  }

  /// Takes the interpreter lock again, and throws what stopped the work, if something did.
  void End();

 private:
  PyThreadState* thread_ = nullptr;  // null once the interpreter lock is held again
  sigset_t before_, blocked_;
  std::chrono::steady_clock::time_point polled_;
  std::exception_ptr exception_;
  bool stopped_ = false;
};

/// Runs `function(work)`, which returns a Result, as native work, and returns its value or throws its error.
template <typename Function>
auto Native(const Function& function) {
  NativeWork work;
  auto result = [&]() -> decltype(function(work)) {
    try {
      return function(work);
    } catch (const std::bad_alloc&) {
      return Fail(ErrorCode::kInternal, "out of memory", "classify fewer texts at once, or train with smaller batches");
    } catch (const std::exception& exception) {
      return Fail(ErrorCode::kInternal, std::string("internal error: ") + exception.what(), "please report it");
    }
  }();
  work.End();
  return Value(std::move(result));
}

}  // namespace winnow::python
