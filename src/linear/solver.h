/// Fitting of linear classifiers to sparse rows: logistic regression and the linear support vector machine, with the
/// optima of scikit-learn's LogisticRegression and LinearSVC: the least  C * sum of losses + |w|^2 / 2,  with an
/// intercept that only the SVM penalizes. By dual coordinate ascent, and by Newton's method if that is slow
/// (docs/adr/015).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/linear_labels.h"
#include "linear/sparse_rows.h"

namespace winnow {

enum class LinearKind {
  kLogistic,           ///< logistic regression of labels that exclude each other: multinomial, or binary for two labels
  kLogisticOneVsRest,  ///< a logistic regression of each label against the rest
  kSvm,                ///< squared hinge loss, one label against the rest
};

struct SolverOptions {
  LinearKind kind = LinearKind::kLogistic;
  double C = 1;                         ///< factor of the loss against |w|^2 / 2, as in scikit-learn and liblinear
  std::vector<float> row_weights = {};  ///< weight of each row; empty: all 1
  double tolerance = 1e-4;    ///< relative tolerance: the objective is within about a tenth of it of the minimum
  int max_iterations = 1000;  ///< maximum number of passes over the rows (200 without hinge), then of Newton steps
  bool newton = true;  ///< false: the weights after the passes are kept as they are, for comparisons of many fits
};

/// The weights of a classifier. Outputs are the labels; for two labels that exclude each other there is one output,
/// that of label 1.
struct LinearWeights {
  size_t features = 0, outputs = 0;
  std::vector<float> weights;  ///< [features, outputs] row-major
  std::vector<float> bias;     ///< [outputs]
};

/// Fits a classifier: one for all labels, or with `multi_label` a logistic regression or SVM of its own for each label.
/// A label that no row, or every row, has gets weights of zero and a bias of -30 or 30 for a logistic regression, -1 or
/// 1 for an SVM. The biases of a softmax have mean 0 over the labels that occur. Equal input, options and numbers of
/// threads give equal weights. Errors: kInvalidArgument if sizes disagree, C is not above 0, a feature is not finite, a
/// weight is negative or a label is out of range; kInvalidData if there are no rows.
Result<LinearWeights> FitLinear(const SparseRows& rows, const LinearLabels& truth, const SolverOptions& options,
                                ThreadPool& pool);

}  // namespace winnow
