#include "drift/domain_classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/random.h"
#include "evaluate/ranking.h"
#include "linear/features.h"
#include "linear/held_out_scores.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

/// Returns a random part of the different texts.
std::vector<std::string_view> DifferentTexts(std::span<const std::string> texts, size_t most, Random random) {
  std::unordered_set<std::string> seen;
  std::vector<std::string_view> different;
  for (const std::string& text : texts) {
    if (seen.insert(DuplicateKey(text)).second) different.push_back(text);
  }
  random.Shuffle(different);
  different.resize(std::min(different.size(), most));
  return different;
}

/// The standard error of Hanley and McNeil 1982, "The Meaning and Use of the Area under a ROC Curve".
Interval IntervalOf(double auc, size_t positives, size_t negatives) {
  const double p = static_cast<double>(positives), n = static_cast<double>(negatives);
  const double q1 = auc / (2 - auc), q2 = 2 * auc * auc / (1 + auc);
  const double variance = (auc * (1 - auc) + (p - 1) * (q1 - auc * auc) + (n - 1) * (q2 - auc * auc)) / (p * n);
  const double margin = 1.96 * std::sqrt(std::max(variance, 0.0));
  return {.low = std::max(0.0, auc - margin), .high = std::min(1.0, auc + margin)};
}

/// Returns, for each feature, the shares of the texts of the two samples that have it; those of the reference are
/// first.
std::vector<std::pair<double, double>> SharesOf(const SparseRows& rows, size_t reference) {
  std::vector<std::pair<double, double>> shares(rows.num_columns);
  const double first = 1.0 / static_cast<double>(reference),
               second = 1.0 / static_cast<double>(rows.rows() - reference);
  for (size_t r = 0; r < rows.rows(); ++r) {
    for (const int32_t column : rows.columns_of(r)) {
      auto& [of_reference, of_current] = shares[static_cast<size_t>(column)];
      (r < reference ? of_reference : of_current) += r < reference ? first : second;
    }
  }
  return shares;
}

/// Lists the words of the features with the largest product of weight and difference of shares, whose weight has the
/// sign.
std::vector<DomainWord> StrongestWords(const Vectorizer& vectorizer, std::span<const float> weights,
                                       std::span<const std::pair<double, double>> shares, double sign, size_t most) {
  std::vector<std::pair<double, size_t>> strengths;
  for (size_t f = 0; f < weights.size(); ++f) {
    const double weight = sign * static_cast<double>(weights[f]);
    const double difference = sign * (shares[f].second - shares[f].first);
    if (weight > 0 && difference > 0) strengths.emplace_back(-weight * difference, f);
  }
  const size_t count = std::min(most, strengths.size());
  std::ranges::partial_sort(strengths, strengths.begin() + static_cast<ptrdiff_t>(count));
  std::vector<DomainWord> words;
  for (size_t i = 0; i < count; ++i) {
    const size_t f = strengths[i].second;
    words.push_back({std::string(vectorizer.name(f)), shares[f].first, shares[f].second});
  }
  return words;
}

}  // namespace

Result<DomainClassifier> FitDomainClassifier(std::span<const std::string> reference,
                                             std::span<const std::string> current, const DomainOptions& options,
                                             ThreadPool& pool) {
  std::vector<std::string_view> texts =
      DifferentTexts(reference, options.max_texts, Random(options.seed, "drift: reference"));
  DomainClassifier fitted;
  fitted.reference = texts.size();
  const std::vector<std::string_view> now =
      DifferentTexts(current, options.max_texts, Random(options.seed, "drift: current"));
  fitted.current = now.size();
  if (std::min(fitted.reference, fitted.current) < options.folds) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the reference has {} different texts and the current sample {}; {} of each are required",
                            fitted.reference, fitted.current, options.folds),
                "compare more texts: those of a longer period, or of more files");
  }
  texts.insert(texts.end(), now.begin(), now.end());
  const FittedFeatures features =
      TRY(Vectorizer::Fit(texts, {.max_ngram = 2, .max_features = 20000, .sublinear = true}, pool));
  std::vector<std::vector<int32_t>> truth(texts.size(), {0});
  std::vector<uint8_t> is_current(texts.size(), 0);
  for (size_t t = fitted.reference; t < texts.size(); ++t) {
    truth[t] = {1};
    is_current[t] = 1;
  }
  const SolverOptions solver;
  const LinearLabels labels{.ids = truth, .labels = 2};
  const auto held_out =
      TRY(HeldOutScores(features.rows, labels, std::span(&solver, 1), options.folds, options.seed, pool));
  fitted.auc = RocAuc(held_out.front(), 1, is_current).value_or(.5);
  fitted.interval = IntervalOf(fitted.auc, fitted.current, fitted.reference);
  const LinearWeights weights = TRY(FitLinear(features.rows, labels, solver, pool));
  const auto shares = SharesOf(features.rows, fitted.reference);
  fitted.more = StrongestWords(features.vectorizer, weights.weights, shares, 1, options.max_words);
  fitted.fewer = StrongestWords(features.vectorizer, weights.weights, shares, -1, options.max_words);
  return fitted;
}

}  // namespace winnow
