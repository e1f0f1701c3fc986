/// The tokens of a text as the classifier reads them, for display and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "classify/text_encoder.h"

namespace winnow {

struct TextToken {
  int32_t id = 0;
  std::string_view piece;  ///< piece as in the vocabulary: "##ing"; valid during the lifetime of the tokenizer
  bool special = false;    ///< true for a special token that the post-processor adds, which is not part of the text
  /// Range of the token in the text, in bytes and in code points; as in Python's slices, each maximal piece of invalid
  /// UTF-8 counts as one code point.
  size_t begin = 0, end = 0;
  size_t point_begin = 0, point_end = 0;
};

/// Returns all tokens of the text, whatever the model's maximum length. If the encoder folds, the tokens are those of
/// the folded text, but their ranges refer to the original text. `special`: with the special tokens that the
/// post-processor adds. Thread-safe.
std::vector<TextToken> TokensOfText(const TextEncoder& encoder, std::string_view text, bool special);

}  // namespace winnow
