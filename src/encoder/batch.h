/// Texts as token ids without padding; text t is ids[offsets[t]] ... ids[offsets[t + 1] - 1]. Owns no memory. No text
/// is empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/result.h"
#include "bundle/model_config.h"

namespace winnow {

/// Text t is ids[offsets[t]] ... ids[offsets[t + 1] - 1]. Owns nothing. No text is empty.
struct PackedTexts {
  std::span<const int32_t> ids;
  std::span<const int32_t> offsets;  ///< offsets of the texts and the total; the first is 0
  /// For pairs, by text: the index of the first token with type 1, counted from the text's first token (the second
  /// segment embedding). Texts beyond the end of the list are single texts, all of type 0. Only inference reads it:
  /// training has no pairs, and its backward pass treats all tokens as type 0.
  std::span<const int32_t> second_begins = {};

  size_t texts() const { return offsets.size() - 1; }
  size_t tokens() const { return ids.size(); }
  size_t begin(size_t text) const { return static_cast<size_t>(offsets[text]); }
  size_t length(size_t text) const { return static_cast<size_t>(offsets[text + 1] - offsets[text]); }
  /// Returns the number of the text's tokens that have type 0: at most length(text).
  size_t first_length(size_t text) const {
    if (text >= second_begins.size()) return length(text);
    return std::min(length(text), static_cast<size_t>(second_begins[text]));
  }
};

/// A batch that owns its ids: a tokenizer appends the ids of a text, and EndText or EndPair ends it.
struct PackedBatch {
  std::vector<int32_t> ids;
  std::vector<int32_t> offsets = {0};
  std::vector<int32_t> second_begins = {};  ///< second_begins of the texts up to the last pair

  void Clear() {
    ids.clear();
    offsets.assign(1, 0);
    second_begins.clear();
  }
  void EndText() { offsets.push_back(static_cast<int32_t>(ids.size())); }
  /// Ends a pair. `second_begin` is the number of the text's tokens before those of type 1, which Tokenizer::EncodePair
  /// returns.
  void EndPair(size_t second_begin) {
    second_begins.resize(texts(), std::numeric_limits<int32_t>::max());  // the single texts before it
    second_begins.push_back(static_cast<int32_t>(second_begin));
    EndText();
  }
  void Append(std::span<const int32_t> text) {
    ids.insert(ids.end(), text.begin(), text.end());
    EndText();
  }
  /// Appends one text of another batch, with its token types.
  void AppendText(const PackedTexts& from, size_t text) {
    const auto tokens = from.ids.subspan(from.begin(text), from.length(text));
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    if (from.first_length(text) < from.length(text)) {
      EndPair(from.first_length(text));
    } else {
      EndText();
    }
  }
  size_t texts() const { return offsets.size() - 1; }
  PackedTexts view() const { return {ids, offsets, second_begins}; }
};

/// Returns the number of tokens of the longest text; 0 if there are no texts.
size_t LongestOf(const PackedTexts& texts);

/// Checks that every id is in the vocabulary and no text is empty or longer than the model's positions. Errors:
/// kInvalidModel for ids (the tokenizer is another model's), kInvalidArgument for lengths.
Result<void> CheckBatch(const ModelConfig& config, const PackedTexts& texts);

/// Divides the texts into `parts` runs with about equal numbers of tokens: part p is texts cuts[p] ... cuts[p + 1] - 1.
std::vector<size_t> CutByTokens(const PackedTexts& texts, int parts);

}  // namespace winnow
