/// Errors and exceptions of the C interface.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "text/text_limits.h"
#include "winnow/error.h"
#include "winnow/winnow.h"

namespace winnow {

/// Returns the code of an error, and hands the error to the caller in `*out` unless `out` is null.
winnow_code HandOver(Error error, winnow_error** out) noexcept;

/// Hands over an error of these parts. If there is no memory for them, the error is "out of memory" without a hint.
winnow_code HandOver(ErrorCode code, const char* message, const char* hint, winnow_error** out) noexcept;

/// Runs a function that returns Result<void>. What it throws becomes an error, since no exception may cross C.
template <typename Function>
winnow_code GuardedCall(winnow_error** error, const char* on_memory, const Function& function) noexcept {
  try {
    Result<void> done = function();
    return done ? WINNOW_OK : HandOver(std::move(done.error()), error);
  } catch (const std::bad_alloc&) {
    return HandOver(ErrorCode::kInternal, "out of memory", on_memory, error);
  } catch (const TextLimitExceeded& exception) {
    return HandOver(ErrorCode::kInvalidModel, exception.what(), kTextLimitHint, error);
  } catch (const std::exception& exception) {
    return HandOver(ErrorCode::kInternal, exception.what(), "", error);
  }
}

/// Returns a copy of a text for winnow_string_free, with a 0 byte behind it. Throws std::bad_alloc.
char* CopyForCaller(std::string_view text);

/// Copies the options of a caller, whose struct may be older or newer, into `known`. Members that the caller's struct
/// lacks stay 0. Errors: kInvalidArgument for a size that no version has had; kUnsupported for a member that is not
/// known here and not 0.
Result<void> CopyOptions(const void* given, size_t given_size, size_t first_size, void* known, size_t known_size,
                         const char* name);

}  // namespace winnow
