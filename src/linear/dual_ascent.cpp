// A pass over the rows costs what two products with the matrix cost, one for scores and one for weights, and with rows
// of length 1 and C = 1 it divides the distance to the optimum by about ten, where quasi-Newton methods need a hundred
// such products. (Shalev-Shwartz, Zhang 2013, "Stochastic dual coordinate ascent methods for regularized loss
// minimization".)
//
// Outputs lie side by side, so that each entry of a row is one product of a number with a vector. Outputs by themselves
// are cut into ranges, which know nothing of each other: threads take one after the other. Where there are fewer ranges
// than threads, and for one softmax over all, threads share the rows instead: each goes over its part of them with a
// copy of the weights, and the mean of the copies is where all go on from (DualRow::parts). They meet once a pass, so
// that a busy machine doesn't keep them waiting for each other; two of them need about one pass more than one.
//
// An intercept without a penalty makes the duals of each output sum to 0, which coordinates can't keep one by one. So
// the intercept gets the penalty (b - center)^2 / (2 rho) instead, under which it is the weight of a feature of value
// sqrt(rho), and the center follows it from pass to pass: the proximal point method, or the method of multipliers
// seen from the duals (Rockafellar 1976).
#include "linear/dual_ascent.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "base/round_up.h"
#include "kernels/dual_step.h"
#include "kernels/gathered_rows.h"

namespace winnow {
namespace {

constexpr size_t kRangeWidth = 32;      // of outputs by themselves
constexpr size_t kMostParts = 8;        // more of them need more passes than they save
constexpr size_t kLeastWork = 200'000;  // products in a pass, for each part: about as much as handing out costs

// Rows of an SVM beyond the margin have duals of zero, and most stay there: after kTired visits that changed nothing
// they rest, but for each kEveryone-th pass and the last one.
constexpr uint8_t kTired = 2;
constexpr int kEveryone = 6;

/// Decides when enough passes have been made.
class Convergence {
 public:
  explicit Convergence(double accuracy) : accuracy_(accuracy) {}

  /// Returns true if the objective is known closely enough. `won` is what the dual objective has won in this pass. What
  /// later passes will win is a geometric series; the primal objective lags behind the dual by about a pass, for which
  /// there is a factor of twenty.
  bool Reached(double won, double objective) {
    const double rate = last_ > 0 ? std::min(won / last_, 0.999) : 0.999;
    last_ = won;
    return won * std::max(1.0, rate / (1 - rate)) <= 0.05 * accuracy_ * objective;
  }

 private:
  double accuracy_, last_ = 0;
};

/// What all ranges share: the rows that count, their squared lengths, and how far the intercept moves.
struct Rows {
  explicit Rows(const LinearProblem& problem) : problem(problem), x(*problem.x) {
    double total = 0;
    float most_cost = 0;
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

  const int32_t* columns(size_t row) const { return x.columns.data() + x.begins[row]; }
  const float* values(size_t row) const { return x.values.data() + x.begins[row]; }

  const LinearProblem& problem;
  const SparseRows& x;
  std::vector<float> squares;  // with the intercept
  std::vector<uint32_t> order;
  float rho = 1;
};

/// Some rows, and a copy of the weights that they move. Of what is won and lost there is one number for each problem.
struct Part {
  std::span<const uint32_t> order;  // of this pass
  FloatBuffer weights;              // [features + 1, width], the intercept last
  std::vector<double> won, loss, squares;
  std::vector<float> scores, signs, next, change, scratch, lanes_won, lanes_loss;
};

/// Ascends for outputs first ... first + count - 1.
class Ascent {
 public:
  Ascent(const Rows& rows, size_t first, size_t count, size_t parts)
      : rows_(rows),
        problem_(rows.problem),
        first_(first),
        count_(count),
        width_(count == 1 ? 1 : RoundUp(count, kGatheredWidth)),
        features_(rows.x.num_columns),
        problems_(problem_.loss == LinearLoss::kSoftmax ? 1 : count),
        order_(rows.order),
        parts_(parts),
        center_(width_),
        resting_(rows.x.rows()) {
    duals_.Resize(rows.x.rows() * width_);
    duals_.Zero();
    if (problem_.loss == LinearLoss::kSoftmax) {
      for (const uint32_t row : rows.order) duals_of(row)[problem_.truth(row)[0]] = 1;
    }
    for (size_t p = 0; p < parts; ++p) {
      Part& part = parts_[p];
      part.weights.Resize((features_ + 1) * width_);
      part.weights.Zero();
      for (auto* array : {&part.won, &part.loss, &part.squares}) array->resize(problems_);
      for (auto* array : {&part.scores, &part.next, &part.change, &part.lanes_won, &part.lanes_loss}) {
        array->resize(width_);
      }
      part.scratch.resize(2 * width_);
      part.signs.assign(width_, 0.0f);
      std::fill_n(part.signs.begin(), count, -1.0f);
    }
  }

  /// Returns true if the solution converged. `pool` has a thread for each part, and is null if there is one part.
  bool Solve(double accuracy, int max_passes, ThreadPool* pool) {
    std::vector<Convergence> convergence(problems_, Convergence(accuracy));
    for (int pass = 0; pass < max_passes; ++pass) {
      HandOut();
      ForParts(pool, [&](size_t p) { Pass(parts_[p]); });
      ForParts(pool, [&](size_t p) { Merge(p); });
      if (!problem_.penalises_bias()) MoveCenter();
      bool reached = true;
      for (size_t k = 0; k < problems_; ++k) {
        double won = 0, objective = 0;
        for (const Part& part : parts_) won += part.won[k], objective += part.loss[k] + part.squares[k] / 2;
        reached &= convergence[k].Reached(won, objective);
      }
      if (reached && everyone_) return true;
      everyone_ = reached || pass % kEveryone == 0;
    }
    return false;
  }

  void CopyTo(std::vector<float>& result) const {
    const float* weights = parts_[0].weights.data();
    for (size_t f = 0; f <= features_; ++f) {
      std::copy_n(weights + f * width_, count_, result.data() + f * problem_.outputs + first_);
    }
  }

 private:
  float* duals_of(size_t row) { return duals_.data() + row * width_; }
  float* bias(Part& part) const { return part.weights.data() + features_ * width_; }
  DualRow row_of(size_t row) const {
    return {problem_.costs[row], rows_.squares[row], static_cast<float>(parts_.size())};
  }

  template <class Task>
  void ForParts(ThreadPool* pool, const Task& task) {
    if (parts_.size() == 1) return task(0);
    pool->Run([&](int thread) {
      if (static_cast<size_t>(thread) < parts_.size()) task(static_cast<size_t>(thread));
    });
  }

  /// Each part other rows than in the last pass: what keeping them would leave between parts, no part sees, and it
  /// would take many passes to go away.
  void HandOut() {
    random_.Shuffle(order_);
    for (size_t p = 0; p < parts_.size(); ++p) {
      const size_t begin = order_.size() * p / parts_.size(), end = order_.size() * (p + 1) / parts_.size();
      parts_[p].order = {order_.data() + begin, end - begin};
    }
  }

  void Pass(Part& part) {
    std::fill(part.won.begin(), part.won.end(), 0.0), std::fill(part.loss.begin(), part.loss.end(), 0.0);
    if (problem_.loss == LinearLoss::kSoftmax) {
      PassOfSoftmax(part);
    } else if (width_ == 1) {
      PassOfOne(part);
    } else {
      PassOfMany(part);
    }
  }

  void Rest(size_t row, bool idle) {
    resting_[row] = idle ? static_cast<uint8_t>(std::min<int>(resting_[row] + 1, kTired)) : uint8_t{0};
  }

  void Sum(size_t row, Part& part) {
    SumRows(rows_.x.size(row), rows_.columns(row), rows_.values(row), part.weights.data(), width_, bias(part),
            part.scores.data());
  }

  void Add(size_t row, Part& part) {
    AddToRows(rows_.x.size(row), rows_.columns(row), rows_.values(row), part.change.data(), width_,
              part.weights.data());
    float* b = bias(part);
    for (size_t k = 0; k < width_; ++k) b[k] += rows_.rho * part.change[k];
  }

  void PassOfSoftmax(Part& part) {
    for (const uint32_t row : part.order) {
      Sum(row, part);
      const DualProgress progress =
          SoftmaxDualStep(count_, width_, static_cast<size_t>(problem_.truth(row)[0]), row_of(row), part.scores.data(),
                          duals_of(row), part.next.data(), part.change.data(), part.scratch.data());
      part.won[0] += progress.won, part.loss[0] += progress.loss;
      std::copy_n(part.next.data(), width_, duals_of(row));
      Add(row, part);
    }
  }

  void PassOfMany(Part& part) {
    const bool hinge = problem_.loss == LinearLoss::kHinge;
    const auto step = hinge ? HingeDualStep : LogisticDualStep;
    std::fill(part.lanes_won.begin(), part.lanes_won.end(), 0.0f);
    std::fill(part.lanes_loss.begin(), part.lanes_loss.end(), 0.0f);
    for (const uint32_t row : part.order) {
      if (resting_[row] >= kTired && !everyone_) continue;
      Sum(row, part);
      const auto mark = [&](float sign) {
        for (const int32_t output : problem_.truth(row)) {
          const size_t k = static_cast<size_t>(output) - first_;  // huge where it is before the range
          if (k < count_) part.signs[k] = sign;
        }
      };
      mark(1);
      const bool moves = step(width_, row_of(row), part.signs.data(), part.scores.data(), duals_of(row),
                              part.change.data(), part.lanes_won.data(), part.lanes_loss.data());
      if (moves) Add(row, part);
      if (hinge) Rest(row, !moves);
      mark(-1);
    }
    std::copy_n(part.lanes_won.begin(), count_, part.won.begin());
    std::copy_n(part.lanes_loss.begin(), count_, part.loss.begin());
  }

  /// Numbers one at a time: of a row's weights no two lie together.
  void PassOfOne(Part& part) {
    const bool hinge = problem_.loss == LinearLoss::kHinge;
    float* const w = part.weights.data();
    float& bias = w[features_];
    for (const uint32_t row : part.order) {
      if (resting_[row] >= kTired && !everyone_) continue;
      const size_t count = rows_.x.size(row);
      const int32_t* columns = rows_.columns(row);
      const float* values = rows_.values(row);
      float sums[4] = {bias, 0, 0, 0};
      size_t i = 0;
      for (; i + 4 <= count; i += 4) {
        for (size_t j = 0; j < 4; ++j) sums[j] += values[i + j] * w[columns[i + j]];
      }
      for (; i < count; ++i) sums[0] += values[i] * w[columns[i]];
      const float score = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      const bool truth =
          std::ranges::find(problem_.truth(row), static_cast<int32_t>(first_)) != problem_.truth(row).end();
      const SingleDualStep step = (hinge ? HingeDualStepOfOne : LogisticDualStepOfOne)(
          row_of(row), truth ? 1.0f : -1.0f, score, *duals_of(row));
      part.won[0] += static_cast<double>(step.won), part.loss[0] += static_cast<double>(step.loss);
      *duals_of(row) = step.dual;
      if (hinge) Rest(row, step.change == 0.0f);
      if (step.change == 0.0f) continue;
      for (i = 0; i < count; ++i) w[columns[i]] += step.change * values[i];
      bias += rows_.rho * step.change;
    }
  }

  /// The p-th slice of the weights becomes the mean of all copies, in all copies.
  void Merge(size_t p) {
    const size_t begin = (features_ + 1) * p / parts_.size() * width_;
    const size_t end = (features_ + 1) * (p + 1) / parts_.size() * width_;
    const float share = 1.0f / static_cast<float>(parts_.size());
    float* const w = parts_[0].weights.data();
    if (parts_.size() > 1) {
      for (size_t q = 1; q < parts_.size(); ++q) {
        const float* other = parts_[q].weights.data();
        for (size_t i = begin; i < end; ++i) w[i] += other[i];
      }
      for (size_t i = begin; i < end; ++i) w[i] *= share;
      for (size_t q = 1; q < parts_.size(); ++q) std::copy(w + begin, w + end, parts_[q].weights.data() + begin);
    }
    std::vector<double>& squares = parts_[p].squares;
    std::fill(squares.begin(), squares.end(), 0.0);
    for (size_t i = begin; i < std::min(end, features_ * width_); i += width_) {
      float sum = 0;
      for (size_t k = 0; k < count_; ++k) {
        if (problems_ == 1) {
          sum += w[i + k] * w[i + k];
        } else {
          squares[k] += static_cast<double>(w[i + k] * w[i + k]);
        }
      }
      if (problems_ == 1) squares[0] += static_cast<double>(sum);
    }
  }

  /// The intercept's center moves to where the intercept is, and the intercept on by as much. What a softmax's
  /// intercepts have in common changes nothing; it goes, before it costs them digits.
  void MoveCenter() {
    const float* b = bias(parts_[0]);
    const bool softmax = problem_.loss == LinearLoss::kSoftmax;
    const float common = softmax ? std::accumulate(b, b + count_, 0.0f) / static_cast<float>(count_) : 0.0f;
    for (size_t k = 0; k < count_; ++k) {
      const float at = b[k], step = at - center_[k];
      for (Part& part : parts_) bias(part)[k] = at + step - common;
      center_[k] = at - common;
    }
  }

  const Rows& rows_;
  const LinearProblem& problem_;
  const size_t first_, count_, width_, features_;
  const size_t problems_;  // outputs by themselves; 1 of a softmax
  std::vector<uint32_t> order_;
  Random random_{1, "dual ascent"};
  std::vector<Part> parts_;
  FloatBuffer duals_;  // [rows, width]
  std::vector<float> center_;
  std::vector<uint8_t> resting_;  // [rows]: visits in a row that changed nothing
  bool everyone_ = true;          // whether those that rest are visited in this pass
};

}  // namespace

LinearSolution SolveByDualAscent(const LinearProblem& problem, double accuracy, int max_passes, ThreadPool& pool) {
  const Rows rows(problem);
  LinearSolution solution{std::vector<float>((rows.x.num_columns + 1) * problem.outputs), true};
  const size_t width = problem.loss == LinearLoss::kSoftmax ? problem.outputs : kRangeWidth;
  const size_t ranges = (problem.outputs + width - 1) / width;
  const size_t threads = static_cast<size_t>(pool.size());
  std::atomic<bool> converged = true;
  const auto solve = [&](size_t i, size_t parts) {
    const size_t first = i * width;
    Ascent ascent(rows, first, std::min(width, problem.outputs - first), parts);
    if (!ascent.Solve(accuracy, max_passes, parts > 1 ? &pool : nullptr)) converged = false;
    ascent.CopyTo(solution.weights);
  };
  // The hinge's duals are less even: with two parts it takes twice the passes, so it has only one.
  if (ranges >= threads || problem.loss == LinearLoss::kHinge) {
    std::atomic<size_t> next = 0;
    pool.Run([&](int) {
      for (size_t i; (i = next.fetch_add(1)) < ranges;) solve(i, 1);
    });
  } else {
    const size_t work = rows.x.columns.size() * std::min(width, problem.outputs);
    const size_t parts = std::clamp<size_t>(work / kLeastWork, 1, std::min(threads, kMostParts));
    for (size_t i = 0; i < ranges; ++i) solve(i, parts);
  }
  solution.converged = converged;
  return solution;
}

}  // namespace winnow
