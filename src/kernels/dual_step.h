/// Steps of dual coordinate ascent for linear classifiers: one row's dual variables move to where they are best while
/// all other rows' stay. For one row of features x with scores z = W x, loss C l(z) and penalty |W|^2 / 2, the weights
/// are W = sum over rows of C (duals) x', and the row's best duals p solve
///   min over u:  l(u) + a/2 |u - (z without the row's own part)|^2,  a = 1 / (C |x|^2),  p = -(slope of l at u),
/// a problem as wide as there are outputs, whatever the number of features (Yu, Huang, Lin 2011, "Dual coordinate
/// descent methods for logistic regression and maximum entropy models"; Hsieh et al. 2008 for the SVM). Here it is
/// solved by damped Newton steps in u, for the softmax with the Hessian's inverse in closed form (diagonal plus rank
/// one).
#pragma once

#include <cstddef>

namespace winnow {

/// The row whose duals step.
struct DualRow {
  float cost;    ///< C, above 0
  float square;  ///< |x|^2, above 0
  /// How many threads ascend from the same weights, each on rows and a copy of the weights of its own: a copy moves by
  /// `parts` times what its rows' duals say, so that the mean of all copies is what all duals say together (Ma, Smith,
  /// Jaggi, Jordan, Richtarik, Takac 2015, "Adding vs. averaging in distributed primal-dual optimization").
  float parts = 1;
};

/// What a step did and saw.
struct DualProgress {
  double won;   ///< of the dual objective, about: half the first Newton step's decrement. Never below 0
  double loss;  ///< C l(z), before the step
};

/// One softmax over `count` outputs. scores, duals, next, change and scratch (of twice the width) are rows of `width`,
/// `count` rounded up to a multiple of 16; scores past `count` are taken as minus infinity, duals there are 0.
/// duals: what stands for the probability of each output (at first 1 for the true label `truth`, else 0). Writes the
/// new ones to `next`, and cost * (duals - next), by which weights grow with x, to `change`. `square` is |x|^2; both it
/// and `cost` (C) are above 0.
DualProgress SoftmaxDualStep(size_t count, size_t width, size_t truth, const DualRow& row, const float* scores,
                             const float* duals, float* next, float* change, float* scratch);

/// `width` logistic regressions by themselves. signs: 1 or -1 for each output's truth; 0 for none, whose change is 0.
/// duals (0 ... 1, at first 0) are updated; `change` is what weights grow by with x. Adds each output's progress to
/// won and loss [width]. Returns whether any change is not 0.
bool LogisticDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                      float* change, float* won, float* loss);

/// The same for support vector machines with the squared hinge loss max(0, 1 - sign z)^2; duals from 0 up.
bool HingeDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                   float* change, float* won, float* loss);

/// Both for a single output, in plain C++.
struct SingleDualStep {
  float dual, change;
  float won, loss;
};
SingleDualStep LogisticDualStepOfOne(const DualRow& row, float sign, float score, float dual);
SingleDualStep HingeDualStepOfOne(const DualRow& row, float sign, float score, float dual);

}  // namespace winnow
