/// Winnow's errors as Python exceptions, and native calls that leave the interpreter free.
#pragma once

#include <cxxabi.h>
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

/// Stops a daemon thread that needs an interpreter which is ending, as Python 3.14 and later do themselves. Up to 3.13
/// they have it call pthread_exit, whose unwinding of the stack (abi::__forced_unwind) would end the whole process in
/// the first function that must not throw.
[[noreturn]] void StopThread();

/// Takes the interpreter lock for a thread that PyEval_SaveThread has returned; see StopThread.
void TakeInterpreter(PyThreadState* thread);

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
    TakeInterpreter(thread_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    try {
      if (!function()) stopped_ = true;
    } catch (const abi::__forced_unwind&) {
      StopThread();
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

/// The error for the exception that is being handled, which is a std::exception.
Error CaughtError();

/// Runs `function(work)`, which returns a Result, as native work, and returns its value or throws its error.
template <typename Function>
auto Native(const Function& function) {
  NativeWork work;
  auto result = [&]() -> decltype(function(work)) {
    try {
      return function(work);
    } catch (const std::exception&) {
      return std::unexpected(CaughtError());
    }
  }();
  work.End();
  return Value(std::move(result));
}

}  // namespace winnow::python
