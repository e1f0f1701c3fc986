/// Steps of dual coordinate ascent for linear classifiers: a step moves one row's dual variables to their optimum
/// while those of all other rows are constant. For one row of features x with scores z = W x, loss C l(z) and penalty
/// |W|^2 / 2, the weights are W = sum over rows of C (duals) x', and the row's best duals p solve
///   min over u:  l(u) + a/2 |u - (z without the row's own part)|^2,  a = 1 / (C |x|^2),  p = -(slope of l at u),
/// a problem as wide as there are outputs, whatever the number of features (Yu, Huang, Lin 2011, "Dual coordinate
/// descent methods for logistic regression and maximum entropy models"; Hsieh et al. 2008 for the SVM). It is solved
/// by damped Newton steps in u, for the softmax with the Hessian's inverse in closed form (diagonal plus rank
/// one).
#pragma once

#include <cstddef>

namespace winnow {

/// The row whose dual variables are updated.
struct DualRow {
  float cost;    ///< C, above 0
  float square;  ///< |x|^2, above 0
  /// Number of threads that ascend from the same weights, each on its own rows and its own copy of the weights: a copy
  /// moves by `parts` times the step of its rows' duals, so that the mean of all copies is the sum of all steps (Ma,
  /// Smith, Jaggi, Jordan, Richtarik, Takac 2015, "Adding vs. averaging in distributed primal-dual optimization").
  float parts = 1;
};

/// The result of one step.
struct DualProgress {
  double won;   ///< approximate gain of the dual objective: half the first Newton step's decrement; never negative
  double loss;  ///< C l(z), before the step
};

/// Performs a step for a softmax over `count` outputs. scores, duals, next, change and scratch (of twice the width) are
/// rows of `width`, which is `count` rounded up to a multiple of 16; scores past `count` are treated as minus infinity,
/// duals there are 0. duals are the dual variable of each output (initially 1 for the true label `truth`, otherwise 0).
/// Writes the new duals to `next`, and cost * (duals - next), by which weights grow with x, to `change`. `square` is
/// |x|^2; it and `cost` (C) must be above 0.
DualProgress SoftmaxDualStep(size_t count, size_t width, size_t truth, const DualRow& row, const float* scores,
                             const float* duals, float* next, float* change, float* scratch);

/// Performs a step for `width` separate logistic regressions. signs: 1 or -1 for each output's truth; 0 for none, whose
/// change is 0. duals (0 ... 1, initially 0) are updated; `change` is the growth of the weights with x. Adds each
/// output's progress to won and loss [width]. Returns true if any change is not 0.
bool LogisticDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                      float* change, float* won, float* loss);

/// Performs a step for support vector machines with the squared hinge loss max(0, 1 - sign z)^2; duals are at least 0.
bool HingeDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                   float* change, float* won, float* loss);

/// Perform the step of LogisticDualStep or HingeDualStep for a single output, in plain C++.
struct SingleDualStep {
  float dual, change;
  float won, loss;
};
SingleDualStep LogisticDualStepOfOne(const DualRow& row, float sign, float score, float dual);
SingleDualStep HingeDualStepOfOne(const DualRow& row, float sign, float score, float dual);

}  // namespace winnow
