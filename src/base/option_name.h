/// Names of options in capitals.
#pragma once

#include <string>
#include <string_view>

#include "base/ascii.h"

namespace winnow {

/// Returns the name of an option in capitals: "BATCH_SIZE" for "batch-size". With WINNOW_ before it, it is the name of
/// the environment variable.
inline std::string UpperOptionName(std::string_view name) {
  std::string upper;
  for (const char c : name) upper += c == '-' ? '_' : UpperAscii(c);
  return upper;
}

}  // namespace winnow
