/// A classifier that tells two samples of texts apart: the better it can, the more they differ, and its weights say in
/// what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "evaluate/intervals.h"

namespace winnow {

/// A word or pair of words, and the share of the texts of each sample that have it.
struct DomainWord {
  std::string words;
  double reference_share = 0, current_share = 0;
};

struct DomainClassifier {
  /// ROC-AUC of telling a text of the current sample from one of the reference: .5 if they do not differ.
  double auc = .5;
  Interval interval = {};               ///< 95 % (Hanley, McNeil 1982)
  size_t reference = 0, current = 0;    ///< number of different texts of each sample that were used
  std::vector<DomainWord> more, fewer;  ///< words that mark the current sample, and the reference; strongest first
};

struct DomainOptions {
  size_t max_texts = 5000;  ///< maximum size of each sample; a random part of larger samples is used
  size_t max_words = 15;    ///< in each of the two lists
  size_t folds = 5;
  uint64_t seed = 42;
};

/// Fits a logistic regression on TF-IDF features of words and pairs of words, and measures it by cross-validation.
/// Duplicates within a sample (DuplicateKey) count once, so that one campaign does not decide, and is not in two folds.
/// Errors: kInvalidData if a sample has fewer different texts than folds, or the texts have no words.
Result<DomainClassifier> FitDomainClassifier(std::span<const std::string> reference,
                                             std::span<const std::string> current, const DomainOptions& options,
                                             ThreadPool& pool);

}  // namespace winnow
