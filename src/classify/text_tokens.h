/// The tokens that a classifier sees in a text, shown to people and programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "classify/bundle_classifier.h"

namespace winnow {

struct TextToken {
  int32_t id = 0;
  std::string_view piece;  ///< as the vocabulary writes it: "##ing"; lives as long as the classifier
  bool special = false;    ///< the post-processor's: not of the text
  /// What it stands for: bytes of the text, and the same in code points, as Python's slices count (each maximal piece
  /// of invalid UTF-8 is one).
  size_t begin = 0, end = 0;
  size_t point_begin = 0, point_end = 0;
};

/// All of the text's tokens, whatever the model's length; what the text looks like folded, where the classifier folds
/// disguises, but places are those of the text as it is. `special`: with the post-processor's around them. The
/// classifier has_tokens(). Thread-safe.
std::vector<TextToken> TokensOfText(const BundleClassifier& classifier, std::string_view text, bool special);

/// Whether tokens of the text are left out, as it has more than the model reads at once and LongText::kWindows does not
/// read the rest. Of a linear model: never. Costs no more than the tokens that the model reads. `segmented`: as
/// BundleClassifier::Classify's.
bool IsCut(const BundleClassifier& classifier, std::string_view text, bool segmented = false);

}  // namespace winnow
