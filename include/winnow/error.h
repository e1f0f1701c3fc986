/// Errors as values: what went wrong, where, and what to try. Part of the installed API; standard library only.
#ifndef WINNOW_ERROR_H_
#define WINNOW_ERROR_H_

#include <string>

namespace winnow {

enum class ErrorCode {
  kInvalidArgument,  ///< an option or argument makes no sense (the command line exits with 2)
  kInvalidData,      ///< a data file's contents
  kInvalidModel,     ///< a bundle's contents
  kNotFound,         ///< a file, model or name that is not there
  kExists,           ///< something is in the way
  kIo,               ///< the operating system refused: permission, full disk
  kNetwork,          ///< a remote end could not be reached or answered wrongly
  kCancelled,        ///< the user stopped it
  kUnsupported,      ///< valid, but not something that this build can do
  kInternal,         ///< a defect of Winnow itself
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  /// What happened, with the place and the values that disagree: "data.csv, line 3: no column 'text'".
  std::string message;
  /// What to try, or empty: "columns are: body, class; name one with --text-field".
  std::string hint;

  /// The message, and the hint indented on a line of its own.
  std::string Text() const { return hint.empty() ? message : message + "\n  " + hint; }
};

}  // namespace winnow

#endif  // WINNOW_ERROR_H_
