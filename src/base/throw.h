/// Exceptions of builds that have them.
#pragma once

#include <cstdlib>
#include <string>

namespace winnow {

/// Throws an exception that states a fault of the program, or of a hostile model. Without exceptions ends the program:
/// in WebAssembly the caller gets a RuntimeError, and the instance is lost.
template <class Exception>
[[noreturn]] void Throw([[maybe_unused]] const std::string& message) {
#ifdef __cpp_exceptions
  throw Exception(message);
#else
  std::abort();
#endif
}

}  // namespace winnow
