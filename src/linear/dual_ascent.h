/// Dual coordinate ascent, a fast solver for linear classifiers of texts.
#pragma once

#include "base/threads.h"
#include "linear/linear_problem.h"

namespace winnow {

/// Goes over the rows in random order, and each time gives one row's dual variables their best values (kernels/
/// dual_step.h). Stops once what a pass wins says that the objective is within about `accuracy` times itself of the
/// optimum, or after `max_passes`. The same input and number of threads give the same bytes.
LinearSolution SolveByDualAscent(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool);

}  // namespace winnow
