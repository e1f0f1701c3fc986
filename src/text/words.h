/// Division of a text into words, as people count them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace winnow {

/// The bytes [begin, end) of a text.
struct TextRange {
  uint32_t begin = 0, end = 0;
  bool operator==(const TextRange&) const = default;
};

/// Returns the words by Unicode's boundaries (Standard Annex 29; Chinese, Japanese, Thai and others by ICU's
/// dictionaries), and the runs of symbols between them: "Win £5 now!!" is Win, £, 5, now, !!. They are in order and do
/// not overlap; none contains white space, control characters or U+001E (text/segments.h). Invalid UTF-8 counts as
/// symbols. For texts up to 2 GiB. Thread-safe.
std::vector<TextRange> Words(std::string_view text);

}  // namespace winnow
