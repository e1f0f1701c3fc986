// A pass over the rows costs what two products with the matrix cost, one for scores and one for weights, and with rows
// of length 1 and C = 1 it divides the distance to the optimum by about ten, where quasi-Newton methods need a hundred
// such products. (Shalev-Shwartz, Zhang 2013, "Stochastic dual coordinate ascent methods for regularized loss
// minimization".)
//
// Outputs lie side by side, so that every entry of a row is a product of a number with a vector. Each thread owns a
// range of outputs, with their weights and duals:
// - outputs by themselves don't know of each other; each range goes on until its own outputs have converged;
// - those of a softmax meet once a row, to hand round their scores; then each thread takes the row's step for all
//   outputs, which is little work beside the sums over features, and applies its part.
//
// An intercept without a penalty makes the duals of each output sum to 0, which coordinates can't keep one by one. So
// the intercept gets the penalty (b - center)^2 / (2 rho) instead, under which it is the weight of a feature of value
// sqrt(rho), and the center follows it from pass to pass: the proximal point method, or the method of multipliers
// seen from the duals (Rockafellar 1976).
#include "linear/dual_ascent.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/adamw.h"
#include "kernels/dual_step.h"
#include "kernels/gathered_rows.h"

namespace winnow {
namespace {

constexpr size_t kStandaloneWidth = 32;  // of ranges of outputs by themselves
constexpr size_t kLeastSoftmaxRange = 64;

size_t Padded(size_t outputs) { return (outputs + kGatheredWidth - 1) / kGatheredWidth * kGatheredWidth; }

/// Which passes will do.
class Convergence {
 public:
  explicit Convergence(double accuracy) : accuracy_(accuracy) {}

  /// `won`: of the dual objective in this pass. What later passes will win is a geometric series; the primal objective
  /// lags behind the dual by about a pass, for which there is a factor of ten.
  bool Reached(double won, double objective) {
    const double rate = last_ > 0 ? std::min(won / last_, 0.999) : 0.999;
    last_ = won;
    return won * std::max(1.0, rate / (1 - rate)) <= 0.1 * accuracy_ * objective;
  }

 private:
  double accuracy_, last_ = 0;
};

/// What all ranges share: the rows' squared lengths, and how far the intercept moves.
struct Rows {
  explicit Rows(const LinearProblem& problem) : problem(problem), x(*problem.x) {
    double total = 0;
    for (size_t row = 0; row < x.rows(); ++row) {
      double square = 0;
      for (const float value : x.values_of(row)) square += static_cast<double>(value) * static_cast<double>(value);
      squares.push_back(static_cast<float>(square));
      if (problem.costs[row] <= 0.0f) continue;
      order.push_back(static_cast<uint32_t>(row));
      total += square;
      most_cost = std::max(most_cost, problem.costs[row]);
    }
    // About as much as the features together, so that steps stay long; but where C is tiny, enough to get anywhere.
    const double mean = total / static_cast<double>(std::max<size_t>(1, order.size()));
    rho = problem.penalises_bias() ? 1.0f : static_cast<float>(std::max(mean, 1.0 / static_cast<double>(most_cost)));
    for (float& square : squares) square += rho;
  }

  const LinearProblem& problem;
  const SparseRows& x;
  std::vector<float> squares;  // with the intercept
  std::vector<uint32_t> order;
  float most_cost = 0, rho = 1;
};

/// Outputs first ... first + count - 1: weights [features + 1, width], the intercept last, and duals [rows, width].
struct Range {
  Range(const Rows& rows, size_t first, size_t count)
      : first(first), count(count), width(Padded(count)), features(rows.x.num_columns) {
    weights.Resize((features + 1) * width);
    duals.Resize(rows.x.rows() * width);
    weights.Zero(), duals.Zero();
    center.assign(width, 0);
  }

  float* bias() { return weights.data() + features * width; }
  float* duals_of(size_t row) { return duals.data() + row * width; }

  void CopyTo(size_t outputs, std::vector<float>& result) const {
    for (size_t f = 0; f <= features; ++f) {
      std::copy_n(weights.data() + f * width, count, result.data() + f * outputs + first);
    }
  }

  size_t first, count, width, features;
  FloatBuffer weights, duals;
  std::vector<float> center;
};

void Sum(const Rows& rows, size_t row, Range& range, float* scores) {
  SumRows(rows.x.size(row), rows.x.columns.data() + rows.x.begins[row], rows.x.values.data() + rows.x.begins[row],
          range.weights.data(), range.width, range.bias(), scores);
}

void Add(const Rows& rows, size_t row, const float* change, Range& range) {
  AddToRows(rows.x.size(row), rows.x.columns.data() + rows.x.begins[row], rows.x.values.data() + rows.x.begins[row],
            change, range.width, range.weights.data());
  float* bias = range.bias();
  for (size_t k = 0; k < range.width; ++k) bias[k] += rows.rho * change[k];
}

/// The intercept's center moves to where the intercept is.
void MoveCenter(Range& range) {
  for (size_t k = 0; k < range.width; ++k) {
    const float bias = range.bias()[k];
    range.bias()[k] += bias - range.center[k];
    range.center[k] = bias;
  }
}

// ---- Outputs by themselves ----

bool SolveStandalone(const Rows& rows, double accuracy, int max_passes, Range& range) {
  const LinearProblem& problem = rows.problem;
  const bool hinge = problem.loss == LinearLoss::kHinge;
  const auto step = hinge ? HingeDualStep : LogisticDualStep;
  std::vector<float> scores(range.width), signs(range.width), change(range.width), won(range.width), loss(range.width);
  std::vector<Convergence> convergence(range.count, Convergence(accuracy));
  for (size_t k = 0; k < range.count; ++k) signs[k] = -1;
  std::vector<uint32_t> order = rows.order;
  Random random(1, "dual ascent");
  for (int pass = 0; pass < max_passes; ++pass) {
    random.Shuffle(order);
    std::fill(won.begin(), won.end(), 0.0f), std::fill(loss.begin(), loss.end(), 0.0f);
    for (const uint32_t row : order) {
      Sum(rows, row, range, scores.data());
      const auto mark = [&](float sign) {
        for (const int32_t output : problem.truth(row)) {
          const size_t k = static_cast<size_t>(output) - range.first;  // huge where it is before the range
          if (k < range.count) signs[k] = sign;
        }
      };
      mark(1);
      if (step(range.width, problem.costs[row], rows.squares[row], signs.data(), scores.data(), range.duals_of(row),
               change.data(), won.data(), loss.data())) {
        Add(rows, row, change.data(), range);
      }
      mark(-1);
    }
    if (!hinge) MoveCenter(range);
    std::vector<double> squares(range.width);
    for (size_t f = 0; f < range.features; ++f) {
      const float* w = range.weights.data() + f * range.width;
      for (size_t k = 0; k < range.width; ++k) squares[k] += static_cast<double>(w[k]) * static_cast<double>(w[k]);
    }
    bool reached = true;
    for (size_t k = 0; k < range.count; ++k) {
      reached &= convergence[k].Reached(static_cast<double>(won[k]), static_cast<double>(loss[k]) + squares[k] / 2);
    }
    if (reached) return true;
  }
  return false;
}

LinearSolution SolveStandalone(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool) {
  const Rows rows(problem);
  LinearSolution solution{std::vector<float>((rows.x.num_columns + 1) * problem.outputs), true};
  const size_t ranges = (problem.outputs + kStandaloneWidth - 1) / kStandaloneWidth;
  std::atomic<size_t> next = 0;
  std::atomic<bool> converged = true;
  pool.Run([&](int) {
    for (size_t i; (i = next.fetch_add(1)) < ranges;) {
      const size_t first = i * kStandaloneWidth;
      Range range(rows, first, std::min(kStandaloneWidth, problem.outputs - first));
      if (!SolveStandalone(rows, accuracy, max_passes, range)) converged = false;
      range.CopyTo(problem.outputs, solution.weights);
    }
  });
  solution.converged = converged;
  return solution;
}

// ---- One output ----

/// The logistic step of kernels/dual_step.h for one output. Returns the new dual.
float LogisticStep(float cost, float square, float margin, float dual, double& won, double& loss) {
  const float a = 1.0f / (cost * square);
  loss += static_cast<double>(cost * (std::max(0.0f, -margin) + std::log1p(std::exp(-std::abs(margin)))));
  float moved = 0;
  for (int step = 0; step < 60; ++step) {
    const float p = 1.0f / (1.0f + std::exp(std::min(margin + moved, 80.0f)));
    const float slope = a * moved + dual - p;
    const float down = -slope / (a + p * (1.0f - p)), length = std::abs(down);
    if (step == 0) won += static_cast<double>(-0.5f * cost * down * slope);
    moved += length > 0.5f ? down * std::log1p(2.0f * length) / (2.0f * length) : down;
    if (!(length >= 0.25f)) break;
  }
  return std::clamp(dual + a * moved, 0.0f, 1.0f);
}

float HingeStep(float cost, float square, float margin, float dual, double& won, double& loss) {
  const float curve = cost * square + 0.5f, shortage = 1.0f - margin, missed = std::max(0.0f, shortage);
  loss += static_cast<double>(cost * missed * missed);
  const float slope = shortage - dual / 2;
  const float next = std::max(0.0f, dual + slope / curve), step = next - dual;
  won += static_cast<double>(std::max(0.0f, cost * step * (slope - curve * step / 2)));
  return next;
}

/// Scalars, with four sums at once: there is nothing to put into a vector but a few scattered weights.
LinearSolution SolveSingle(const LinearProblem& problem, double accuracy, int max_passes) {
  const Rows rows(problem);
  const bool hinge = problem.loss == LinearLoss::kHinge;
  LinearSolution solution{std::vector<float>(rows.x.num_columns + 1), false};
  float* const w = solution.weights.data();
  float& bias = solution.weights.back();
  float center = 0;
  std::vector<float> duals(rows.x.rows());
  std::vector<uint32_t> order = rows.order;
  Random random(1, "dual ascent");
  Convergence convergence(accuracy);
  for (int pass = 0; pass < max_passes && !solution.converged; ++pass) {
    random.Shuffle(order);
    double won = 0, loss = 0;
    for (const uint32_t row : order) {
      const size_t count = rows.x.size(row);
      const int32_t* columns = rows.x.columns.data() + rows.x.begins[row];
      const float* values = rows.x.values.data() + rows.x.begins[row];
      float sums[4] = {bias, 0, 0, 0};
      size_t i = 0;
      for (; i + 4 <= count; i += 4) {
        for (size_t j = 0; j < 4; ++j) sums[j] += values[i + j] * w[columns[i + j]];
      }
      for (; i < count; ++i) sums[0] += values[i] * w[columns[i]];
      const float sign = problem.truth(row).empty() ? -1.0f : 1.0f;
      const float margin = sign * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
      const float cost = problem.costs[row], before = duals[row];
      duals[row] = (hinge ? HingeStep : LogisticStep)(cost, rows.squares[row], margin, before, won, loss);
      const float change = sign * cost * (duals[row] - before);
      if (change == 0.0f) continue;
      for (i = 0; i < count; ++i) w[columns[i]] += change * values[i];
      bias += rows.rho * change;
    }
    if (!hinge) {
      const float at = bias;
      bias += at - center;
      center = at;
    }
    solution.converged = convergence.Reached(won, loss + SumOfSquares(rows.x.num_columns, w) / 2);
  }
  return solution;
}

// ---- One softmax ----

LinearSolution SolveSoftmax(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool) {
  const Rows rows(problem);
  const size_t width = Padded(problem.outputs), units = width / kGatheredWidth;
  const size_t threads = std::clamp<size_t>(width / kLeastSoftmaxRange, 1, static_cast<size_t>(pool.size()));
  LinearSolution solution{std::vector<float>((rows.x.num_columns + 1) * problem.outputs), false};
  // Two rows' scores and duals: while some threads read one row's, others may write the next one's.
  FloatBuffer scores[2], duals[2];
  for (int i = 0; i < 2; ++i) scores[i].Resize(width), duals[i].Resize(width);
  Barrier barrier(static_cast<int>(threads));
  std::vector<double> squares(threads);
  pool.Run([&](int thread) {
    const auto part = static_cast<size_t>(thread);
    if (part >= threads) return;
    const size_t first = units * part / threads * kGatheredWidth;
    const size_t end = units * (part + 1) / threads * kGatheredWidth;
    Range range(rows, first, std::min(end, problem.outputs) - first);
    for (const uint32_t row : rows.order) {
      const size_t k = static_cast<size_t>(problem.truth(row)[0]) - first;
      if (k < range.count) range.duals_of(row)[k] = 1;
    }
    FloatBuffer next(width), change(width), scratch(2 * width);
    std::vector<uint32_t> order = rows.order;
    Random random(1, "dual ascent");
    Convergence convergence(accuracy);
    size_t turn = 0;
    for (int pass = 0; pass < max_passes; ++pass) {
      random.Shuffle(order);
      double won = 0, loss = 0;
      for (const uint32_t row : order) {
        float* all_scores = scores[turn].data();
        float* all_duals = duals[turn].data();
        turn ^= 1;
        Sum(rows, row, range, all_scores + first);
        std::copy_n(range.duals_of(row), range.width, all_duals + first);
        barrier.Wait();
        const DualProgress progress =
            SoftmaxDualStep(problem.outputs, width, static_cast<size_t>(problem.truth(row)[0]), problem.costs[row],
                            rows.squares[row], all_scores, all_duals, next.data(), change.data(), scratch.data());
        won += progress.won, loss += progress.loss;
        std::copy_n(next.data() + first, range.width, range.duals_of(row));
        Add(rows, row, change.data() + first, range);
      }
      MoveCenter(range);
      squares[part] = SumOfSquares(range.features * range.width, range.weights.data());
      barrier.Wait();
      const double objective = loss + std::accumulate(squares.begin(), squares.end(), 0.0) / 2;
      if (convergence.Reached(won, objective)) {  // for all threads alike
        if (part == 0) solution.converged = true;
        break;
      }
    }
    range.CopyTo(problem.outputs, solution.weights);
  });
  return solution;
}

}  // namespace

LinearSolution SolveByDualAscent(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool) {
  if (problem.loss == LinearLoss::kSoftmax) return SolveSoftmax(problem, accuracy, max_passes, pool);
  if (problem.outputs == 1) return SolveSingle(problem, accuracy, max_passes);
  return SolveStandalone(problem, accuracy, max_passes, pool);
}

}  // namespace winnow
