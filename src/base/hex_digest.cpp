#include "base/hash.h"

namespace winnow {

bool IsHexDigest(std::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace winnow
