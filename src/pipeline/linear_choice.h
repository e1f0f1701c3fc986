/// Choice of the regularization and the class weights of a linear model by cross-validation on its training texts, for
/// the values that the user did not give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "linear/platt.h"
#include "linear/solver.h"
#include "linear/sparse_rows.h"
#include "pipeline/training_observer.h"

namespace winnow {

/// A setting of a linear model, and its metric on the held-out folds.
struct LinearCandidate {
  LinearKind kind = LinearKind::kLogistic;
  double C = 1;
  bool weighted = false;  ///< true if labels have class weights
  double metric = 0;
};

struct LinearChoiceOptions {
  LinearKind kind = LinearKind::kLogistic;
  /// True if a logistic regression of several labels may be fitted one label against the rest, where that is better.
  bool may_use_one_vs_rest = false;
  std::optional<double> C = {};           ///< the user's C; empty: chosen
  std::optional<bool> weighted = {};      ///< true: with class weights; false: without; empty: chosen
  std::vector<float> class_weights = {};  ///< class weights by label id; empty: balanced ones
  std::string metric = "f1_macro";        ///< metric that the choice maximizes or, if lower is better, minimizes
  int32_t positive_label = -1;            ///< positive label of the metric, or -1
  bool platt = false;                     ///< true if scores are scaled (LinearTrainingOptions::platt)
  bool tune_thresholds = false;  ///< multi-label: true if each label gets the decision threshold with the best F1
  uint64_t seed = 42;            ///< random seed of the folds
};

struct LinearChoice {
  LinearKind kind = LinearKind::kLogistic;
  double C = 1;
  bool weighted = false;  ///< true if labels have class weights
  /// The metric of balanced class weights, if they were better by more than they need but not by more than chance
  /// explains.
  std::optional<double> refused_balanced = {};
  std::vector<LinearCandidate> tried = {};  ///< in the order of their fits; empty if nothing was chosen
  size_t folds = 0;                         ///< number of folds; 0 if there was no cross-validation
  std::vector<size_t> rows = {};            ///< rows that the cross-validation used
  std::vector<float> scores = {};  ///< [rows, outputs] scores of these rows by models that were not fitted to them

  /// Returns "C 10 and class weights none, chosen by ..."; nothing if nothing was chosen.
  std::string Line(const LinearChoiceOptions& options) const;
  /// Returns the folds, the metric and every tried setting, for training_info.json.
  Json ToJson(const LinearChoiceOptions& options) const;
};

/// Returns the weight of each row: that of its label. Without class weights they are balanced ones, scikit-learn's
/// "balanced". Single-label only.
std::vector<float> WeightsOfRows(const Dataset& set, std::span<const float> class_weights);

/// Chooses what `options` leave open. `rows` are the features of the examples of `train`, of which the first `count`
/// are used: texts that data augmentation added have siblings in other folds, which would make large values of C look
/// good. C is one of 0.1, 0.3, 1 ... 100: a walk from the middle towards better values, and then the neighbours of the
/// best one. Balanced class weights have to be better by .005 and by one standard error of the difference on the same
/// texts (jackknife), since they shift probabilities towards rare labels and chance alone makes them look better in
/// some data; one-vs-rest by .001, and each decade of C away from the usual one by .003. More than 20,000 rows, or a
/// million scores, are represented by a random sample of the rows; with fewer than ten, defaults are returned. If
/// nothing is left open, the held-out scores are computed for a multi-label set only, for decision thresholds. Errors:
/// FitLinear's; MetricByName's; kCancelled.
Result<LinearChoice> ChooseLinear(const SparseRows& rows, const Dataset& train, size_t count,
                                  const LinearChoiceOptions& options, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow
