/// Errors as in include/winnow/error.h, made, moved and destroyed by calls: inlined, that would be a tenth of the
/// module.
#ifndef WINNOW_ERROR_H_
#define WINNOW_ERROR_H_

#include <string>

namespace winnow {

enum class ErrorCode {
  kInvalidArgument,
  kInvalidData,
  kInvalidModel,
  kNotFound,
  kExists,
  kIo,
  kNetwork,
  kCancelled,
  kUnsupported,
  kInternal,
};

struct Error;

/// An error that is about to be returned, and moved once.
struct ReturnedError {
  Error* error;
};

struct Error {
  Error();
  Error(ErrorCode error, std::string&& what, std::string&& advice);
  Error(ErrorCode error, std::string&& what);
  Error(ReturnedError returned) noexcept;
  Error(Error&& other) noexcept;
  Error(const Error& other);
  Error& operator=(Error&& other) noexcept;
  Error& operator=(const Error& other);
  ~Error();

  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string hint;

  std::string Text() const;
};

}  // namespace winnow

#endif  // WINNOW_ERROR_H_
