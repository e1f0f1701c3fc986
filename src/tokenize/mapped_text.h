/// A text under change, which remembers where each of its bytes came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenize/tokenizer.h"

namespace winnow {

struct MappedText {
  std::string text;
  /// The range in the original text that each byte of `text` came from.
  std::vector<TokenSpan> sources;

  static MappedText Of(std::string_view original) {
    MappedText mapped;
    mapped.text = original;
    mapped.sources.resize(original.size());
    for (uint32_t i = 0; i < original.size(); ++i) mapped.sources[i] = {i, i + 1};
    return mapped;
  }

  /// Returns the range in the original text of the bytes [begin, end), which must not be empty.
  TokenSpan SourceOf(size_t begin, size_t end) const { return {sources[begin].begin, sources[end - 1].end}; }

  /// Appends bytes that all came from `source`.
  void Append(std::string_view bytes, TokenSpan source) {
    text += bytes;
    sources.resize(text.size(), source);
  }
  /// Appends the bytes [begin, end) of another text with the same original.
  void Append(const MappedText& other, size_t begin, size_t end) {
    text.append(other.text, begin, end - begin);
    sources.insert(sources.end(), other.sources.begin() + static_cast<std::ptrdiff_t>(begin),
                   other.sources.begin() + static_cast<std::ptrdiff_t>(end));
  }
  void Reserve(size_t size) {
    text.reserve(size);
    sources.reserve(size);
  }
};

}  // namespace winnow
