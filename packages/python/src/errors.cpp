#include "errors.h"

#include <unistd.h>

#include "text/text_limits.h"

namespace winnow::python {
namespace {

const char* NameOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kInvalidData:
      return "invalid_data";
    case ErrorCode::kInvalidModel:
      return "invalid_model";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kExists:
      return "exists";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kNetwork:
      return "network";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

constexpr std::chrono::milliseconds kPollInterval(50);

}  // namespace

void Raise(const Error& error) {
  const nb::object exception =
      nb::module_::import_("winnow._errors")
          .attr("error_of")(NameOf(error.code), nb::str(error.message.data(), error.message.size()),
                            nb::str(error.hint.data(), error.hint.size()));
  ::PyErr_SetObject(exception.type().ptr(), exception.ptr());
  throw nb::python_error();
}

Error CaughtError() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kInternal, "out of memory", "classify fewer texts at once, or train with smaller batches"};
  } catch (const TextLimitExceeded& exceeded) {
    return {ErrorCode::kInvalidModel, exceeded.what(), kTextLimitHint};
  } catch (const std::exception& exception) {
    return {ErrorCode::kInternal, std::string("internal error: ") + exception.what(), "please report it"};
  }
}

void StopThread() {
  while (true) ::pause();
}

void TakeInterpreter(PyThreadState* thread) {
  try {
    ::PyEval_RestoreThread(thread);
  } catch (const abi::__forced_unwind&) {
    StopThread();
  }
}

NativeWork::NativeWork() : polled_(std::chrono::steady_clock::now()) {
  ::sigfillset(&blocked_);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) ::sigdelset(&blocked_, fault);
  ::pthread_sigmask(SIG_BLOCK, &blocked_, &before_);
  thread_ = ::PyEval_SaveThread();
}

NativeWork::~NativeWork() {
  if (thread_ == nullptr) return;
  TakeInterpreter(thread_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool NativeWork::Continue() {
  if (stopped_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - polled_ < kPollInterval) return true;
  polled_ = now;
  return WithInterpreter([] {
    if (::PyErr_CheckSignals() != 0) throw nb::python_error();
    return true;
  });
}

void NativeWork::End() {
  TakeInterpreter(thread_);
  thread_ = nullptr;
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  if (exception_) std::rethrow_exception(exception_);
  if (::PyErr_CheckSignals() != 0) throw nb::python_error();
}

}  // namespace winnow::python
