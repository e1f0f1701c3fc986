/// Exceptions of builds that have them.
#pragma once

#include <cstdlib>
#include <string>

namespace winnow {

/// Throws an exception that states a fault of the program. Without exceptions, as in WebAssembly, ends the program.
template <class Exception>
[[noreturn]] void Throw([[maybe_unused]] const std::string& message) {
#ifdef __cpp_exceptions
  throw Exception(message);
#else
  std::abort();
#endif
}

}  // namespace winnow
