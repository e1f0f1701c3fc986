#include "linear/solver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

/// Truncated Newton: each step is solved by conjugate gradients, and backtracks along its direction. Outputs that are
/// fitted by themselves have steps and residuals of their own; those of one softmax share them.
class Newton {
 public:
  Newton(const SparseRows& x, std::span<const std::vector<int32_t>> truth, size_t outputs, const SolverOptions& options,
         ThreadPool& pool)
      : x_(x), truth_(truth), outputs_(outputs), features_(x.num_columns), options_(options), pool_(pool) {
    softmax_ = outputs > 1 && options.kind == LinearKind::kLogistic;
    Transpose();
    const size_t scores = x.rows() * outputs, weights = (features_ + 1) * outputs;
    z_.resize(scores), zd_.resize(scores), slopes_.resize(scores), curves_.resize(scores);
    w_.resize(weights), g_.resize(weights), d_.resize(weights), r_.resize(weights), p_.resize(weights);
    hp_.resize(weights);
  }

  /// Whether rows exclude nothing: each output by itself.
  void set_independent() { softmax_ = false; }

  LinearWeights Solve() {
    std::vector<double> loss = Losses(0, nullptr);
    for (int iteration = 0; iteration < options_.max_iterations; ++iteration) {
      Slopes();
      Gradient(slopes_, w_, g_);
      const std::vector<double> decrement = Direction();
      Scores(d_, zd_);
      // Half the decrement is what a step will win, and about the distance to the optimum.
      double won = 0, total = 0;
      for (size_t k = 0; k < outputs_; ++k) {
        if (softmax_ && k > 0) break;
        won += decrement[k] / 2, total += loss[k];
      }
      if (!Step(decrement, loss) || won <= 0.01 * options_.tolerance * total) break;
    }
    LinearWeights result{.features = features_, .outputs = outputs_, .weights = {}, .bias = {}};
    const auto bias = w_.begin() + static_cast<ptrdiff_t>(features_ * outputs_);
    result.weights.assign(w_.begin(), bias);
    result.bias.assign(bias, w_.end());
    return result;
  }

 private:
  bool svm() const { return options_.kind == LinearKind::kSvm; }
  double cost(size_t row) const {
    return options_.C * (options_.row_weights.empty() ? 1.0 : static_cast<double>(options_.row_weights[row]));
  }
  bool has(size_t row, size_t k) const {
    // Of two labels one output, label 1's.
    for (const int32_t label : truth_[row]) {
      if (static_cast<size_t>(label) == k) return true;
    }
    return false;
  }

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
  void Scores(const std::vector<double>& w, std::vector<double>& z) {
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

  /// g = X' slopes + the penalty's slope at w.
  void Gradient(const std::vector<double>& slopes, const std::vector<double>& w, std::vector<double>& g) {
    pool_.ForRanges(features_ + 1, 1, [&](size_t begin, size_t end, int) {
      for (size_t f = begin; f < end; ++f) {
        double* out = &g[f * outputs_];
        if (f == features_) {
          for (size_t k = 0; k < outputs_; ++k) out[k] = svm() ? w[f * outputs_ + k] : 0;
          for (size_t row = 0; row < x_.rows(); ++row) {
            for (size_t k = 0; k < outputs_; ++k) out[k] += slopes[row * outputs_ + k];
          }
          break;
        }
        std::copy_n(&w[f * outputs_], outputs_, out);
        for (size_t e = begins_[f]; e < begins_[f + 1]; ++e) {
          for (size_t k = 0; k < outputs_; ++k) {
            out[k] += static_cast<double>(values_[e]) * slopes[rows_[e] * outputs_ + k];
          }
        }
      }
    });
  }

  std::vector<double> Dots(const std::vector<double>& a, const std::vector<double>& b) const {
    std::vector<double> dots(outputs_);
    for (size_t i = 0; i < a.size(); i += outputs_) {
      for (size_t k = 0; k < outputs_; ++k) dots[k] += a[i + k] * b[i + k];
    }
    return Shared(dots);
  }

  /// Sums over outputs where these are one problem.
  std::vector<double> Shared(std::vector<double> values) const {
    if (softmax_) {
      double sum = 0;
      for (const double value : values) sum += value;
      std::fill(values.begin(), values.end(), sum);
    }
    return values;
  }

  /// The objective at w + step d.
  std::vector<double> Losses(double step, const std::vector<char>* moves) const {
    std::vector<double> loss(outputs_);
    std::vector<double> z(outputs_);
    for (size_t row = 0; row < x_.rows(); ++row) {
      for (size_t k = 0; k < outputs_; ++k) {
        z[k] = z_[row * outputs_ + k] + (moves == nullptr || !(*moves)[k] ? 0 : step * zd_[row * outputs_ + k]);
      }
      if (softmax_) {
        const double most = *std::max_element(z.begin(), z.end());
        double sum = 0;
        for (const double value : z) sum += std::exp(value - most);
        loss[0] += cost(row) * (most + std::log(sum) - z[static_cast<size_t>(truth_[row][0])]);
        continue;
      }
      for (size_t k = 0; k < outputs_; ++k) {
        const double margin = has(row, label(k)) ? z[k] : -z[k];
        if (svm()) {
          const double short_of = std::max(0.0, 1 - margin);
          loss[k] += cost(row) * short_of * short_of;
        } else {
          loss[k] += cost(row) * (std::max(0.0, -margin) + std::log1p(std::exp(-std::abs(margin))));
        }
      }
    }
    for (size_t f = 0; f < features_ + (svm() ? 1 : 0); ++f) {
      for (size_t k = 0; k < outputs_; ++k) {
        const size_t i = f * outputs_ + k;
        const double w = w_[i] + (moves == nullptr || !(*moves)[k] ? 0 : step * d_[i]);
        loss[k] += w * w / 2;
      }
    }
    return Shared(loss);
  }

  void Slopes() {
    for (size_t row = 0; row < x_.rows(); ++row) {
      const double* z = &z_[row * outputs_];
      double* slopes = &slopes_[row * outputs_];
      double* curves = &curves_[row * outputs_];
      if (softmax_) {
        const double most = *std::max_element(z, z + outputs_);
        double sum = 0;
        for (size_t k = 0; k < outputs_; ++k) sum += curves[k] = std::exp(z[k] - most);
        for (size_t k = 0; k < outputs_; ++k) slopes[k] = cost(row) * (curves[k] /= sum);
        slopes[truth_[row][0]] -= cost(row);
        continue;
      }
      for (size_t k = 0; k < outputs_; ++k) {
        const double sign = has(row, label(k)) ? 1 : -1;
        if (svm()) {
          const double short_of = std::max(0.0, 1 - sign * z[k]);
          slopes[k] = -2 * cost(row) * sign * short_of;
          curves[k] = short_of > 0 ? 2 * cost(row) : 0;
        } else {
          const double p = 1 / (1 + std::exp(sign * z[k]));  // of the wrong answer
          slopes[k] = -cost(row) * sign * p;
          curves[k] = cost(row) * p * (1 - p);
        }
      }
    }
  }

  size_t label(size_t k) const { return outputs_ == 1 ? 1 : k; }

  /// hp = H p.
  void Curve() {
    Scores(p_, zd_);
    for (size_t row = 0; row < x_.rows(); ++row) {
      double* v = &zd_[row * outputs_];
      const double* curves = &curves_[row * outputs_];
      double mean = 0;
      if (softmax_) {
        for (size_t k = 0; k < outputs_; ++k) mean += curves[k] * v[k];
      }
      for (size_t k = 0; k < outputs_; ++k) v[k] = (softmax_ ? cost(row) : 1) * curves[k] * (v[k] - mean);
    }
    Gradient(zd_, p_, hp_);
  }

  /// d = -H^-1 g, about. Returns -g d.
  std::vector<double> Direction() {
    std::fill(d_.begin(), d_.end(), 0);
    for (size_t i = 0; i < g_.size(); ++i) r_[i] = p_[i] = -g_[i];
    std::vector<double> rr = Dots(r_, r_);
    const std::vector<double> first = rr;
    for (int i = 0; i < 200; ++i) {
      std::vector<double> alpha(outputs_), beta(outputs_);
      bool any = false;
      Curve();
      const std::vector<double> php = Dots(p_, hp_);
      for (size_t k = 0; k < outputs_; ++k) {
        const bool going = rr[k] > 0.01 * first[k] && php[k] > 0;
        alpha[k] = going ? rr[k] / php[k] : 0;
        any |= going;
      }
      if (!any) break;
      for (size_t j = 0; j < d_.size(); ++j)
        d_[j] += alpha[j % outputs_] * p_[j], r_[j] -= alpha[j % outputs_] * hp_[j];
      const std::vector<double> next = Dots(r_, r_);
      for (size_t k = 0; k < outputs_; ++k) beta[k] = rr[k] > 0 ? next[k] / rr[k] : 0;
      for (size_t j = 0; j < d_.size(); ++j) p_[j] = r_[j] + beta[j % outputs_] * p_[j];
      rr = next;
    }
    std::vector<double> decrement = Dots(g_, d_);
    for (double& value : decrement) value = std::max(0.0, -value);
    return decrement;
  }

  /// Moves along d as far as it pays. False where nothing moves.
  bool Step(const std::vector<double>& decrement, std::vector<double>& loss) {
    std::vector<char> left(outputs_, 1);
    bool moved = false;
    double step = 1;
    for (int i = 0; i < 40 && std::count(left.begin(), left.end(), 1) > 0; ++i, step /= 2) {
      const std::vector<double> next = Losses(step, &left);
      std::vector<double> taken(outputs_);
      for (size_t k = 0; k < outputs_; ++k) {
        if (!left[k] || decrement[k] <= 0) {
          left[k] = 0;
        } else if (next[k] <= loss[k] - 1e-4 * step * decrement[k]) {
          loss[k] = next[k], taken[k] = step, left[k] = 0, moved = true;
        }
      }
      for (size_t j = 0; j < w_.size(); ++j) w_[j] += taken[j % outputs_] * d_[j];
      for (size_t j = 0; j < z_.size(); ++j) z_[j] += taken[j % outputs_] * zd_[j];
    }
    return moved;
  }

  const SparseRows& x_;
  std::span<const std::vector<int32_t>> truth_;
  size_t outputs_, features_;
  const SolverOptions& options_;
  ThreadPool& pool_;
  bool softmax_;
  std::vector<size_t> begins_, rows_;  // the transpose
  std::vector<float> values_;
  std::vector<double> z_, zd_, slopes_, curves_;  // [rows, outputs]
  std::vector<double> w_, g_, d_, r_, p_, hp_;    // [features + 1, outputs]; the last row is the bias
};

Result<void> Check(const SparseRows& rows, std::span<const std::vector<int32_t>> truth, size_t labels, bool multi_label,
                   const SolverOptions& options) {
  if (rows.rows() == 0) return Fail(ErrorCode::kInvalidData, "there are no rows to fit a linear classifier to");
  if (truth.size() != rows.rows()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} rows but labels of {}", rows.rows(), truth.size()));
  }
  if (!options.row_weights.empty() && options.row_weights.size() != rows.rows()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} rows but {} weights of rows", rows.rows(), options.row_weights.size()));
  }
  for (const float weight : options.row_weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("a row's weight is {}; weights are not negative", weight));
    }
  }
  if (!(options.C > 0) || !std::isfinite(options.C)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("C is {}; it is above 0", options.C));
  }
  if (labels < (multi_label ? 1 : 2)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} label(s); there is nothing to tell apart", labels));
  }
  for (const std::vector<int32_t>& row : truth) {
    if (!multi_label && row.size() != 1) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("a row has {} labels, where each has one", row.size()));
    }
    for (const int32_t label : row) {
      if (label < 0 || static_cast<size_t>(label) >= labels) {
        return Fail(ErrorCode::kInvalidArgument, fmt::format("label {} of {} labels", label, labels));
      }
    }
  }
  return {};
}

}  // namespace

Result<LinearWeights> FitLinear(const SparseRows& rows, std::span<const std::vector<int32_t>> truth, size_t labels,
                                bool multi_label, const SolverOptions& options, ThreadPool& pool) {
  TRY(Check(rows, truth, labels, multi_label, options));
  Newton newton(rows, truth, labels == 2 && !multi_label ? 1 : labels, options, pool);
  if (multi_label) newton.set_independent();
  return newton.Solve();
}

}  // namespace winnow
