/// Dual coordinate ascent, a fast solver for linear classifiers of texts.
#pragma once

#include "base/threads.h"
#include "linear/linear_problem.h"

namespace winnow {

/// Visits the rows in random order, and gives the dual variables of each row their best values (kernels/dual_step.h).
/// Stops once the gain of a pass shows that the objective is within about `accuracy` times itself of the optimum, or
/// after `max_passes`. Equal input and numbers of threads give equal results.
LinearSolution SolveByDualAscent(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool);

}  // namespace winnow
