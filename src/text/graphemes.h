/// Extended grapheme clusters (Unicode Standard Annex 29): what readers see as one character.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns the end of each cluster of `text`, in bytes. Invalid UTF-8 counts as U+FFFD. Thread-safe.
std::vector<uint32_t> GraphemeEnds(std::string_view text);

}  // namespace winnow
