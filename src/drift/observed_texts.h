/// What a model says about a set of texts, and what the texts consist of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "classify/bundle_classifier.h"

namespace winnow {

struct ObservedTexts {
  std::vector<std::string> texts;  ///< segments are divided by kSegmentSeparator
  /// Calibrated probabilities, [texts, labels] row-major.
  std::vector<float> probabilities;
  std::vector<std::vector<int32_t>> decided;  ///< label ids of each text's decision; several or none with multi-label
  /// The score of each text: the probability of the positive label or, of models without one, the highest probability.
  std::vector<double> scores;
  std::vector<double> lengths;         ///< length of each text in characters
  std::vector<double> unknown_shares;  ///< share of each text's tokens, or words, that the model does not know
  int64_t out_of_scope = 0;            ///< number of texts that the model's out-of-scope rule rejects
};

/// Classifies the texts. Unknown are the tokenizer's unknown tokens and, for linear models, the words of which no
/// n-gram is a feature. Errors: those of classifying.
Result<ObservedTexts> ObserveTexts(const BundleClassifier& classifier, std::vector<std::string> texts,
                                   const ClassifyOptions& options, const BundleClassifier::Progress& progress = {});

}  // namespace winnow
