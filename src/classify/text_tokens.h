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
  std::string_view piece;  ///< as the vocabulary writes it: "##ing"; lives as long as the tokenizer
  bool special = false;    ///< the post-processor's: not of the text
  /// What it stands for: bytes of the text, and the same in code points, as Python's slices count (each maximal piece
  /// of invalid UTF-8 is one).
  size_t begin = 0, end = 0;
  size_t point_begin = 0, point_end = 0;
};

/// All of the text's tokens, whatever the model's maximum length; those of the folded text if the encoder folds, but
/// places are those of the text as it is. `special`: with the post-processor's around them. Thread-safe.
std::vector<TextToken> TokensOfText(const TextEncoder& encoder, std::string_view text, bool special);

}  // namespace winnow
