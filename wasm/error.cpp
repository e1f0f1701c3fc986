// Errors, made and moved in one place.
#include <string>
#include <utility>

#include "base/result.h"

namespace winnow {

Error::Error() = default;
Error::Error(ErrorCode error, std::string&& what, std::string&& advice)
    : code(error), message(std::move(what)), hint(std::move(advice)) {}
Error::Error(ErrorCode error, std::string&& what) : code(error), message(std::move(what)) {}
Error::Error(ReturnedError returned) noexcept : Error(std::move(*returned.error)) {}
Error::Error(Error&& other) noexcept = default;
Error::Error(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error::~Error() = default;

std::string Error::Text() const { return hint.empty() ? message : message + "\n  " + hint; }

std::unexpected<Error> Fail(ErrorCode code, std::string_view message, std::string_view hint) {
  return std::unexpected<Error>(Error(code, std::string(message), std::string(hint)));
}

}  // namespace winnow
