/// A text under change, which remembers where each of its bytes came from, if anybody wants to know.
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
  /// The range in the original text that each byte of `text` came from; empty if `tracked` is false.
  std::vector<TokenSpan> sources;
  bool tracked = true;

  static MappedText Of(std::string_view original, bool tracked = true) {
    MappedText mapped{.text = std::string(original), .sources = {}, .tracked = tracked};
    if (!tracked) return mapped;
    mapped.sources.resize(original.size());
    for (uint32_t i = 0; i < original.size(); ++i) mapped.sources[i] = {i, i + 1};
    return mapped;
  }

  /// Returns an empty text that is tracked if this one is.
  MappedText Empty() const { return {.text = {}, .sources = {}, .tracked = tracked}; }

  /// Returns the range in the original text of the bytes [begin, end), which must not be empty; nothing if the text is
  /// not tracked.
  TokenSpan SourceOf(size_t begin, size_t end) const {
    return tracked ? TokenSpan{sources[begin].begin, sources[end - 1].end} : TokenSpan{};
  }
  /// Returns the empty range in the original text before the byte at `place`, or at the end.
  TokenSpan PlaceOf(size_t place) const {
    if (sources.empty()) return {};
    const uint32_t at = place < sources.size() ? sources[place].begin : sources.back().end;
    return {at, at};
  }

  /// Appends bytes that all came from `source`.
  void Append(std::string_view bytes, TokenSpan source) {
    text += bytes;
    if (tracked) sources.resize(text.size(), source);
  }
  /// Appends the bytes [begin, end) of another text with the same original.
  void Append(const MappedText& other, size_t begin, size_t end) {
    text.append(other.text, begin, end - begin);
    if (!tracked) return;
    sources.insert(sources.end(), other.sources.begin() + static_cast<std::ptrdiff_t>(begin),
                   other.sources.begin() + static_cast<std::ptrdiff_t>(end));
  }
  void Reserve(size_t size) {
    text.reserve(size);
    if (tracked) sources.reserve(size);
  }
};

}  // namespace winnow
