/// Errors as values: what went wrong, where, and what to try. Part of the installed API; standard library only.
#ifndef WINNOW_ERROR_H_
#define WINNOW_ERROR_H_

#include <string>

namespace winnow {

enum class ErrorCode {
  kInvalidArgument,  ///< an option or argument is not valid (the command line exits with 2)
  kInvalidData,      ///< the contents of a data file are not valid
  kInvalidModel,     ///< the contents of a bundle are not valid
  kNotFound,         ///< a file, model or name does not exist
  kExists,           ///< a file or name exists already and is not replaced
  kIo,               ///< the operating system reported an error, for instance missing permission or a full disk
  kNetwork,          ///< a remote host could not be reached or sent a response that is not valid
  kCancelled,        ///< the user cancelled the operation
  kUnsupported,      ///< the request is valid, but this build does not support it
  kInternal,         ///< internal error: a fault of Winnow itself
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  /// Description of the error, with the place and the values that disagree: "data.csv, line 3: no column 'text'".
  std::string message;
  /// Advice on how to correct the error, or empty: "columns are: body, class; name one with --text-field".
  std::string hint;

  /// Returns the message, followed by the hint, if there is one, on an indented line.
  std::string Text() const { return hint.empty() ? message : message + "\n  " + hint; }
};

}  // namespace winnow

#endif  // WINNOW_ERROR_H_
