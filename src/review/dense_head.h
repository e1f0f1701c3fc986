/// Multinomial logistic regression on dense features, the classification head of a review: fitted again after every few
/// labels, from where the last fit ended.
///
/// The objective is scikit-learn's (LogisticRegression, lbfgs): the least  C * sum of weighted losses + |W|^2 / 2, with
/// biases that are not penalized. It is minimized by L-BFGS (Liu, Nocedal 1989). The scores along a direction are a
/// linear function of the step, so that the search along it costs no product with the features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Rows of equal length, row-major, that somebody else owns.
struct DenseRows {
  std::span<const float> values;
  size_t columns = 0;

  size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  std::span<const float> row(size_t index) const { return values.subspan(index * columns, columns); }
};

struct HeadOptions {
  double C = 10;
  int max_iterations = 100;
  double tolerance = 1e-4;  ///< stops when an iteration lessens the objective by less than this share of it
};

/// The weights of a head. A label that no example had has none; its probability is 0.
struct DenseHead {
  size_t labels = 0, features = 0;
  std::vector<int32_t> seen;   ///< ids of the labels that examples had, ascending
  std::vector<float> weights;  ///< [seen, features]
  std::vector<float> bias;     ///< [seen], with mean 0

  bool empty() const { return seen.empty(); }
};

/// An example of a fit: a row of the features, its label, and how much it counts.
struct HeadExample {
  size_t row = 0;
  int32_t label = 0;
  float weight = 1;
};

/// Fits a head. It begins at `start`, a head of the same features, if there is one. With one label, that label has the
/// probability 1. Errors: kInvalidArgument if there are no examples, or a row, a label or a weight is out of range.
Result<DenseHead> FitHead(const DenseRows& features, std::span<const HeadExample> examples, size_t labels,
                          const HeadOptions& options, const DenseHead* start = nullptr);

/// Computes the probabilities [rows, head.labels] of rows. Requires a head that is not empty.
void HeadProbabilities(const DenseHead& head, const DenseRows& rows, std::span<float> probabilities);

}  // namespace winnow
