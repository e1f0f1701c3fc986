/// A text's words, as people count them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace winnow {

/// Bytes [begin, end) of a text.
struct TextRange {
  uint32_t begin = 0, end = 0;
  bool operator==(const TextRange&) const = default;
};

/// The words by Unicode's boundaries (Standard Annex 29; Chinese, Japanese, Thai and others by ICU's dictionaries), and
/// what stands between them other than white space, runs of it as one: "Win £5 now!!" is Win, £, 5, now, !!. In their
/// order, without overlap; none holds a white space, control character or U+001E (text/segments.h). Invalid UTF-8
/// counts as symbols. Texts up to 2 GiB. Thread-safe.
std::vector<TextRange> Words(std::string_view text);

}  // namespace winnow
