/// Fits linear classifiers to sparse rows: logistic regression and the linear support vector machine, with the optima
/// of scikit-learn's LogisticRegression and LinearSVC: the least  C * sum of losses + |w|^2 / 2,  an intercept that
/// only the SVM penalises. By dual coordinate ascent, and by Newton's method where that is slow (docs/adr/015).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/sparse_rows.h"

namespace winnow {

enum class LinearKind {
  kLogistic,  ///< labels exclude each other: multinomial; two labels: binary
  kLogisticOneVsRest,
  kSvm,  ///< squared hinge, one against the rest
};

struct SolverOptions {
  LinearKind kind = LinearKind::kLogistic;
  double C = 1;                         ///< factor of the loss against |w|^2 / 2, as in scikit-learn and liblinear
  std::vector<float> row_weights = {};  ///< one weight per row, or empty: all 1
  double tolerance = 1e-4;              ///< ends within about a tenth of it, relative, of the least objective
  int max_iterations = 1000;            ///< passes over the rows (200 at most without hinge), then Newton steps
};

/// Outputs are the labels; of two labels that exclude each other there is one output, label 1's.
struct LinearWeights {
  size_t features = 0, outputs = 0;
  std::vector<float> weights;  ///< [features, outputs] row-major
  std::vector<float> bias;     ///< [outputs]
};

/// `truth`: each row's label ids: one of them, or any number with `multi_label` (then each label is fitted by itself,
/// as a logistic regression or SVM of its own). A label that no row, or every row, has gets weights of zero and a bias
/// that says so: 30 of a logistic regression, 1 of an SVM, or minus that. A softmax's biases have mean 0 over the
/// labels that some row has. The same input, options and number of threads give the same weights. Errors:
/// kInvalidArgument when sizes disagree, C is not above 0, a feature is not finite, a weight is negative or a label is
/// out of range; kInvalidData if there are no rows.
Result<LinearWeights> FitLinear(const SparseRows& rows, std::span<const std::vector<int32_t>> truth, size_t labels,
                                bool multi_label, const SolverOptions& options, ThreadPool& pool);

}  // namespace winnow
