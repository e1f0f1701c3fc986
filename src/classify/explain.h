/// Attributions: the effect of each word on the score of a text.
///
/// Encoders are asked: each word is left out once, and its effect is the log-odds of the label with it minus those
/// without it (occlusion: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks"; words erased:
/// Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure"). A word is left out
/// rather than replaced by [MASK] or [UNK], which a fine-tuned classifier has never seen: a text without a word is
/// still a text. Effects of occlusion don't add up: of two words that say the same each may have none, since the other
/// stays.
///
/// Linear models are taken apart: each word's share is exact, and shares add up to the log-odds. Of several labels that
/// were fitted together, it is the share in the label's score less the mean share in the others', weighted by their
/// probabilities (linear_scorer.cpp); of labels with classifiers of their own, it is that in the log-odds of these,
/// before the probabilities are made to sum to 1. The change of the probability is that among all labels. Where
/// something that is no mere scale follows (an isotonic calibration), or texts are folded first, linear models are
/// asked like encoders.
///
/// Effects are on log-odds, as probabilities near 0 and 1 hardly move; the change of the probability stands beside it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "winnow/classifier.h"

namespace winnow {

inline constexpr size_t kMostOcclusions = 200;

/// Explains the prediction for one text. Occlusion classifies all variants of the text in one batch (of at most 16 MiB
/// of text). Words are those of text/words.h, in the folded text if the classifier folds, so that "f r e e" is one
/// word. If there are more than `most` words, neighbours within a segment are left out together; words that a model
/// with LongText::kHead does not read are counted as `unread`. `text` is UTF-8; invalid bytes count as symbols. Byte
/// positions refer to its joined form. Classifies two texts more than there are words. Errors: those of classifying.
/// Thread-safe.
Result<Explanation> ExplainText(const BundleClassifier& classifier, InputTextView text,
                                const ClassifyOptions& options = {}, size_t most = kMostOcclusions);

/// Returns the explanation for a linear model. The shares of `sum` are in the order of the text, without overlaps, each
/// within a word or a character between two words; the shares of a word are added up. `score` is the probability of
/// `label`.
Explanation ExplainShares(std::string_view text, const TextShares& sum, std::string label, double score);

}  // namespace winnow
