// Each step is solved by conjugate gradients, preconditioned by the Hessian's diagonal, and backtracks along its
// direction (Lin, Weng, Keerthi 2008, "Trust region Newton method for large-scale logistic regression"; a line search
// instead of a region costs next to nothing, since scores along a direction are known). Outputs by themselves have
// steps and residuals of their own, side by side; those of one softmax share them. In double: problems that come here
// are those where digits get lost.
#include "linear/newton.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace winnow {
namespace {

using Doubles = std::vector<double>;

class Newton {
 public:
  Newton(const LinearProblem& problem, ThreadPool& pool)
      : problem_(problem), x_(*problem.x), outputs_(problem.outputs), features_(x_.num_columns), pool_(pool) {
    Transpose();
    const size_t scores = x_.rows() * outputs_, weights = (features_ + 1) * outputs_;
    for (Doubles* array : {&z_, &zd_, &slopes_, &curves_}) array->resize(scores);
    for (Doubles* array : {&w_, &g_, &d_, &r_, &p_, &hp_, &diagonal_}) array->resize(weights);
  }

  void Solve(double accuracy, int max_steps, LinearSolution& solution) {
    std::copy(solution.weights.begin(), solution.weights.end(), w_.begin());
    Scores(w_, z_);
    Doubles loss = Losses(0);
    for (int step = 0; step < max_steps && !solution.converged; ++step) {
      Slopes();
      Gradient();
      const Doubles decrement = Direction();
      Scores(d_, zd_);
      // Half the decrement is what the step will win, and about the distance to the optimum; what is left after it is
      // quadratic in that.
      bool near = true;
      for (size_t k = 0; k < outputs_; ++k) near &= decrement[k] / 2 <= accuracy * loss[k];
      const bool moved = Move(decrement, loss);
      solution.converged = near || !moved;
    }
    if (softmax()) {  // what the intercepts have in common changes nothing
      const auto bias = w_.end() - static_cast<ptrdiff_t>(outputs_);
      const double common = std::accumulate(bias, w_.end(), 0.0) / static_cast<double>(outputs_);
      for (auto b = bias; b != w_.end(); ++b) *b -= common;
    }
    for (size_t i = 0; i < w_.size(); ++i) solution.weights[i] = static_cast<float>(w_[i]);
  }

 private:
  bool softmax() const { return problem_.loss == LinearLoss::kSoftmax; }
  bool hinge() const { return problem_.loss == LinearLoss::kHinge; }
  double cost(size_t row) const { return static_cast<double>(problem_.costs[row]); }

  void Transpose() {
    begins_.assign(features_ + 1, 0);
    for (const int32_t column : x_.columns) ++begins_[static_cast<size_t>(column) + 1];
    for (size_t f = 0; f < features_; ++f) begins_[f + 1] += begins_[f];
    rows_.resize(x_.columns.size()), values_.resize(x_.columns.size());
    std::vector<size_t> at(begins_.begin(), begins_.end() - 1);
    for (size_t row = 0; row < x_.rows(); ++row) {
      for (size_t e = x_.begins[row]; e < x_.begins[row + 1]; ++e) {
        const size_t to = at[static_cast<size_t>(x_.columns[e])]++;
        rows_[to] = row, values_[to] = x_.values[e];
      }
    }
  }

  /// z = X w + bias.
  void Scores(const Doubles& w, Doubles& z) {
    pool_.ForRanges(x_.rows(), 1, [&](size_t begin, size_t end, int) {
      for (size_t row = begin; row < end; ++row) {
        double* out = &z[row * outputs_];
        std::copy_n(&w[features_ * outputs_], outputs_, out);
        for (size_t e = x_.begins[row]; e < x_.begins[row + 1]; ++e) {
          const double* in = &w[static_cast<size_t>(x_.columns[e]) * outputs_];
          for (size_t k = 0; k < outputs_; ++k) out[k] += static_cast<double>(x_.values[e]) * in[k];
        }
      }
    });
  }

  /// out += X' rows, or with the squares of X.
  void AddTransposed(const Doubles& rows, bool squared, Doubles& sums) {
    pool_.ForRanges(features_ + 1, 1, [&](size_t begin, size_t end, int) {
      for (size_t f = begin; f < end; ++f) {
        double* out = &sums[f * outputs_];
        if (f == features_) {
          for (size_t i = 0; i < rows.size(); i += outputs_) {
            for (size_t k = 0; k < outputs_; ++k) out[k] += rows[i + k];
          }
          break;
        }
        for (size_t e = begins_[f]; e < begins_[f + 1]; ++e) {
          const double v = static_cast<double>(values_[e]), value = squared ? v * v : v;
          const double* in = &rows[rows_[e] * outputs_];
          for (size_t k = 0; k < outputs_; ++k) out[k] += value * in[k];
        }
      }
    });
  }

  /// Adds the contribution of the penalty to a slope at w, or to a Hessian's product with w.
  void Penalise(const Doubles& w, Doubles& out) const {
    out = w;
    if (!problem_.penalises_bias()) std::fill(out.end() - static_cast<ptrdiff_t>(outputs_), out.end(), 0.0);
  }

  /// Replaces the values of all outputs by their sum if the outputs are one problem, as in softmax regression.
  Doubles Shared(Doubles values) const {
    if (softmax()) {
      double sum = 0;
      for (const double value : values) sum += value;
      std::fill(values.begin(), values.end(), sum);
    }
    return values;
  }

  Doubles Dots(const Doubles& a, const Doubles& b) const {
    Doubles dots(outputs_);
    for (size_t i = 0; i < a.size(); i += outputs_) {
      for (size_t k = 0; k < outputs_; ++k) dots[k] += a[i + k] * b[i + k];
    }
    return Shared(dots);
  }

  void MarkTruth(size_t row, double sign, Doubles& signs) const {
    for (const int32_t output : problem_.truth(row)) signs[static_cast<size_t>(output)] = sign;
  }

  /// The objective at w + step d.
  Doubles Losses(double step) {
    std::vector<Doubles> parts(static_cast<size_t>(pool_.size()), Doubles(outputs_));
    pool_.ForRanges(x_.rows(), 1, [&](size_t begin, size_t end, int thread) {
      Doubles& loss = parts[static_cast<size_t>(thread)];
      Doubles z(outputs_), signs(outputs_, -1.0);
      for (size_t row = begin; row < end; ++row) {
        for (size_t k = 0; k < outputs_; ++k) z[k] = z_[row * outputs_ + k] + step * zd_[row * outputs_ + k];
        if (softmax()) {
          const double most = *std::max_element(z.begin(), z.end());
          double sum = 0;
          for (const double value : z) sum += std::exp(value - most);
          loss[0] += cost(row) * (most + std::log(sum) - z[static_cast<size_t>(problem_.truth(row)[0])]);
          continue;
        }
        MarkTruth(row, 1, signs);
        for (size_t k = 0; k < outputs_; ++k) {
          const double margin = signs[k] * z[k], missed = std::max(0.0, 1 - margin);
          loss[k] += cost(row) *
                     (hinge() ? missed * missed : std::max(0.0, -margin) + std::log1p(std::exp(-std::abs(margin))));
        }
        MarkTruth(row, -1, signs);
      }
    });
    Doubles loss(outputs_);
    for (const Doubles& part : parts) {
      for (size_t k = 0; k < outputs_; ++k) loss[k] += part[k];
    }
    for (size_t f = 0; f < features_ + (problem_.penalises_bias() ? 1 : 0); ++f) {
      for (size_t k = 0; k < outputs_; ++k) {
        const double w = w_[f * outputs_ + k] + step * d_[f * outputs_ + k];
        loss[k] += w * w / 2;
      }
    }
    return Shared(loss);
  }

  /// The loss's slopes by scores, and what its curvature needs: probabilities of a softmax, else second derivatives.
  void Slopes() {
    pool_.ForRanges(x_.rows(), 1, [&](size_t begin, size_t end, int) {
      Doubles signs(outputs_, -1.0);
      for (size_t row = begin; row < end; ++row) {
        const double* z = &z_[row * outputs_];
        double* slopes = &slopes_[row * outputs_];
        double* curves = &curves_[row * outputs_];
        if (softmax()) {
          const double most = *std::max_element(z, z + outputs_);
          double sum = 0;
          for (size_t k = 0; k < outputs_; ++k) sum += curves[k] = std::exp(z[k] - most);
          for (size_t k = 0; k < outputs_; ++k) slopes[k] = cost(row) * (curves[k] /= sum);
          slopes[problem_.truth(row)[0]] -= cost(row);
          continue;
        }
        MarkTruth(row, 1, signs);
        for (size_t k = 0; k < outputs_; ++k) {
          const double margin = signs[k] * z[k];
          if (hinge()) {
            slopes[k] = -2 * cost(row) * signs[k] * std::max(0.0, 1 - margin);
            curves[k] = margin < 1 ? 2 * cost(row) : 0;
          } else {
            const double p = 1 / (1 + std::exp(margin));  // of the wrong answer
            slopes[k] = -cost(row) * signs[k] * p;
            curves[k] = cost(row) * p * (1 - p);
          }
        }
        MarkTruth(row, -1, signs);
      }
    });
  }

  /// Computes the gradient g and the diagonal of the Hessian.
  void Gradient() {
    Penalise(w_, g_);
    AddTransposed(slopes_, /*squared=*/false, g_);
    Penalise(Doubles(w_.size(), 1.0), diagonal_);
    if (softmax()) {
      for (size_t i = 0; i < zd_.size(); ++i) zd_[i] = cost(i / outputs_) * curves_[i] * (1 - curves_[i]);
    }
    AddTransposed(softmax() ? zd_ : curves_, /*squared=*/true, diagonal_);
    for (double& value : diagonal_) value = std::max(value, 1e-12);  // an intercept that no row pulls at
  }

  /// hp = H p.
  void Curve() {
    Scores(p_, zd_);
    pool_.ForRanges(x_.rows(), 1, [&](size_t begin, size_t end, int) {
      for (size_t row = begin; row < end; ++row) {
        double* v = &zd_[row * outputs_];
        const double* curves = &curves_[row * outputs_];
        double mean = 0;
        if (softmax()) {
          for (size_t k = 0; k < outputs_; ++k) mean += curves[k] * v[k];
        }
        for (size_t k = 0; k < outputs_; ++k) v[k] = (softmax() ? cost(row) : 1.0) * curves[k] * (v[k] - mean);
      }
    });
    Penalise(p_, hp_);
    AddTransposed(zd_, /*squared=*/false, hp_);
  }

  /// d = -H^-1 g, about. Returns -g d.
  Doubles Direction() {
    constexpr int kMostProducts = 500;
    constexpr double kResidual = 0.01;  // its square, against the first one's
    Doubles y(r_.size());               // the residual, preconditioned
    std::fill(d_.begin(), d_.end(), 0.0);
    for (size_t i = 0; i < g_.size(); ++i) r_[i] = -g_[i], p_[i] = y[i] = r_[i] / diagonal_[i];
    Doubles ry = Dots(r_, y);
    const Doubles first = ry;
    for (int i = 0; i < kMostProducts; ++i) {
      Doubles alpha(outputs_), beta(outputs_);
      bool any = false;
      Curve();
      const Doubles php = Dots(p_, hp_);
      for (size_t k = 0; k < outputs_; ++k) {
        const bool going = ry[k] > kResidual * first[k] && php[k] > 0;
        alpha[k] = going ? ry[k] / php[k] : 0;
        any |= going;
      }
      if (!any) break;
      for (size_t j = 0; j < d_.size(); j += outputs_) {
        for (size_t k = 0; k < outputs_; ++k) {
          d_[j + k] += alpha[k] * p_[j + k];
          r_[j + k] -= alpha[k] * hp_[j + k];
          y[j + k] = r_[j + k] / diagonal_[j + k];
        }
      }
      const Doubles next = Dots(r_, y);
      for (size_t k = 0; k < outputs_; ++k) beta[k] = ry[k] > 0 ? next[k] / ry[k] : 0;
      for (size_t j = 0; j < p_.size(); j += outputs_) {
        for (size_t k = 0; k < outputs_; ++k) p_[j + k] = y[j + k] + beta[k] * p_[j + k];
      }
      ry = next;
    }
    Doubles decrement = Dots(g_, d_);
    for (double& value : decrement) value = std::max(0.0, -value);
    return decrement;
  }

  /// Moves along d as far as it pays, each problem by itself. False where nothing moves.
  bool Move(const Doubles& decrement, Doubles& loss) {
    Doubles taken(outputs_);
    std::vector<char> left(outputs_);
    for (size_t k = 0; k < outputs_; ++k) left[k] = decrement[k] > 0;
    double step = 1;
    for (int i = 0; i < 40 && std::count(left.begin(), left.end(), 1) > 0; ++i, step /= 2) {
      const Doubles next = Losses(step);
      for (size_t k = 0; k < outputs_; ++k) {
        if (left[k] && next[k] <= loss[k] - 1e-4 * step * decrement[k]) {
          loss[k] = next[k], taken[k] = step, left[k] = 0;
        }
      }
    }
    for (size_t j = 0; j < w_.size(); ++j) w_[j] += taken[j % outputs_] * d_[j];
    for (size_t j = 0; j < z_.size(); ++j) z_[j] += taken[j % outputs_] * zd_[j];
    return std::any_of(taken.begin(), taken.end(), [](double t) { return t > 0; });
  }

  const LinearProblem& problem_;
  const SparseRows& x_;
  const size_t outputs_, features_;
  ThreadPool& pool_;
  std::vector<size_t> begins_, rows_;  // the transpose
  std::vector<float> values_;
  Doubles z_, zd_, slopes_, curves_;           // [rows, outputs]
  Doubles w_, g_, d_, r_, p_, hp_, diagonal_;  // [features + 1, outputs]; the last row is the bias
};

}  // namespace

void SolveByNewton(const LinearProblem& problem, double accuracy, int max_steps, ThreadPool& pool,
                   LinearSolution& solution) {
  Newton(problem, pool).Solve(accuracy, max_steps, solution);
}

}  // namespace winnow
