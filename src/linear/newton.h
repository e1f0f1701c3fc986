/// Truncated Newton method, for optima that dual coordinate ascent approaches slowly.
#pragma once

#include "base/threads.h"
#include "linear/linear_problem.h"

namespace winnow {

/// Continues from `solution` until the objective is within about `accuracy` times itself of the optimum, for at most
/// `max_steps` steps.
void SolveByNewton(const LinearProblem& problem, double accuracy, int max_steps, ThreadPool& pool,
                   LinearSolution& solution);

}  // namespace winnow
