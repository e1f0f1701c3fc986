#include "linear/solver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linear/dual_ascent.h"
#include "linear/linear_problem.h"
#include "linear/newton.h"

namespace winnow {
namespace {

// What a label that no row has scores, in logits: as good as never. Margins of an SVM are about 1.
constexpr float kNever = 30;

// Passes after which dual ascent is too slow to go on: C is large, or features are not on one scale. SVMs go on for
// longer, as most of their rows rest; and since Newton's method takes them minutes where there are many entries and
// outputs, those stay where they have come to, as liblinear's do.
constexpr int kMostPasses = 200;
constexpr size_t kMostHingeWork = 5'000'000;

Result<void> Check(const SparseRows& rows, const LinearLabels& truth, const SolverOptions& options) {
  if (rows.rows() == 0) return Fail(ErrorCode::kInvalidData, "there are no rows to fit a linear classifier to");
  if (truth.ids.size() != rows.rows()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("internal error: there are {} rows, but labels for {} rows",
                                                         rows.rows(), truth.ids.size()));
  }
  if (!options.row_weights.empty() && options.row_weights.size() != rows.rows()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("internal error: there are {} rows, but {} row weights",
                                                         rows.rows(), options.row_weights.size()));
  }
  for (const float weight : options.row_weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the weight of a row is {}; weights must not be negative", weight));
    }
  }
  for (const float value : rows.values) {
    if (!std::isfinite(value))
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("a feature has the value {}; feature values must be finite", value));
  }
  if (!(options.C > 0) || !std::isfinite(options.C)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("C is {}; it must be above 0", options.C));
  }
  if (truth.labels < (truth.multi_label ? 1 : 2)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} label(s), but a classifier needs at least two", truth.labels));
  }
  for (const std::vector<int32_t>& row : truth.ids) {
    if (!truth.multi_label && row.size() != 1) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("a row has {} labels, expected one", row.size()));
    }
    for (const int32_t label : row) {
      if (label < 0 || static_cast<size_t>(label) >= truth.labels) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("label id {} is out of range for {} labels", label, truth.labels));
      }
    }
  }
  return {};
}

/// The labels that the solver finds weights for, and the bias of the other labels.
struct Outputs {
  std::vector<int32_t> output_of;  // a label's output of the problem, or -1
  std::vector<size_t> labels;      // an output's label
  std::vector<float> bias;         // [labels] of those that have none
};

Outputs OutputsFor(const LinearLabels& truth, const SolverOptions& options) {
  const auto weight = [&](size_t row) { return options.row_weights.empty() ? 1.0f : options.row_weights[row]; };
  std::vector<size_t> having(truth.labels);
  size_t rows = 0;
  for (size_t row = 0; row < truth.ids.size(); ++row) {
    if (weight(row) <= 0.0f) continue;
    ++rows;
    std::vector<int32_t> distinct = truth.ids[row];
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (const int32_t label : distinct) ++having[static_cast<size_t>(label)];
  }
  const float never = options.kind == LinearKind::kSvm ? 1.0f : kNever;
  Outputs outputs{std::vector<int32_t>(truth.labels, -1), {}, std::vector<float>(truth.labels)};
  for (size_t label = 0; label < truth.labels; ++label) {
    const bool all = having[label] == rows, none = having[label] == 0;
    outputs.bias[label] = none ? -never : never;
    if (all || none || (truth.binary() && label == 0)) continue;
    outputs.output_of[label] = static_cast<int32_t>(outputs.labels.size());
    outputs.labels.push_back(label);
  }
  return outputs;
}

LinearProblem ProblemOf(const SparseRows& rows, const LinearLabels& truth, const Outputs& outputs,
                        const SolverOptions& options) {
  LinearProblem problem;
  problem.x = &rows;
  const bool softmax = !truth.binary() && !truth.multi_label && options.kind == LinearKind::kLogistic;
  problem.loss = softmax                            ? LinearLoss::kSoftmax
                 : options.kind == LinearKind::kSvm ? LinearLoss::kHinge
                                                    : LinearLoss::kLogistic;
  problem.outputs = outputs.labels.size();
  for (size_t row = 0; row < rows.rows(); ++row) {
    const double weight = options.row_weights.empty() ? 1.0 : static_cast<double>(options.row_weights[row]);
    problem.costs.push_back(static_cast<float>(options.C * weight));
    for (const int32_t label : truth.ids[row]) {
      const int32_t output = outputs.output_of[static_cast<size_t>(label)];
      if (output >= 0) problem.true_outputs.push_back(output);
    }
    problem.true_begins.push_back(problem.true_outputs.size());
  }
  return problem;
}

}  // namespace

Result<LinearWeights> FitLinear(const SparseRows& rows, const LinearLabels& truth, const SolverOptions& options,
                                ThreadPool& pool) {
  TRY(Check(rows, truth, options));
  const Outputs outputs = OutputsFor(truth, options);
  LinearWeights result{.features = rows.num_columns, .outputs = truth.outputs(), .weights = {}, .bias = {}};
  result.weights.resize(result.features * result.outputs);
  result.bias.assign(outputs.bias.begin() + (truth.binary() ? 1 : 0), outputs.bias.end());
  if (outputs.labels.empty()) return result;

  const LinearProblem problem = ProblemOf(rows, truth, outputs, options);
  const double accuracy = 0.1 * options.tolerance;
  const bool hinge = problem.loss == LinearLoss::kHinge;
  const int passes = hinge ? options.max_iterations : std::min(kMostPasses, options.max_iterations);
  LinearSolution solution = SolveByDualAscent(problem, accuracy, passes, pool);
  const bool too_much = hinge && rows.columns.size() * problem.outputs > kMostHingeWork;
  if (!solution.converged && !too_much && options.newton) {
    SolveByNewton(problem, accuracy, options.max_iterations, pool, solution);
  }

  for (size_t k = 0; k < problem.outputs; ++k) {
    const size_t output = truth.binary() ? 0 : outputs.labels[k];
    for (size_t f = 0; f < result.features; ++f) {
      result.weights[f * result.outputs + output] = solution.weights[f * problem.outputs + k];
    }
    result.bias[output] = solution.weights[result.features * problem.outputs + k];
  }
  return result;
}

}  // namespace winnow
