/// Texts as token ids, packed: one after the other, without padding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// Text t is ids[offsets[t]] ... ids[offsets[t + 1] - 1]. Owns nothing. No text is empty.
struct PackedTexts {
  std::span<const int32_t> ids;
  std::span<const int32_t> offsets;  ///< one more than there are texts; the first is 0

  size_t texts() const { return offsets.size() - 1; }
  size_t tokens() const { return ids.size(); }
  size_t begin(size_t text) const { return static_cast<size_t>(offsets[text]); }
  size_t length(size_t text) const { return static_cast<size_t>(offsets[text + 1] - offsets[text]); }
};

/// The same, owning: a tokenizer appends a text's ids, and EndText closes it.
struct PackedBatch {
  std::vector<int32_t> ids;
  std::vector<int32_t> offsets = {0};

  void Clear() {
    ids.clear();
    offsets.assign(1, 0);
  }
  void EndText() { offsets.push_back(static_cast<int32_t>(ids.size())); }
  void Append(std::span<const int32_t> text) {
    ids.insert(ids.end(), text.begin(), text.end());
    EndText();
  }
  size_t texts() const { return offsets.size() - 1; }
  PackedTexts view() const { return {ids, offsets}; }
};

/// Tokens of the longest text; 0 where there is none.
size_t LongestOf(const PackedTexts& texts);

/// Cuts the texts into `parts` runs of about equally many tokens: part p is texts cuts[p] ... cuts[p + 1] - 1.
std::vector<size_t> CutByTokens(const PackedTexts& texts, int parts);

}  // namespace winnow
