#include "decide/out_of_scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace winnow {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array kMethods = {ScopeMethod::kMaxProbability, ScopeMethod::kEnergy, ScopeMethod::kDistance};
constexpr double kShrinkage = 0.01;

/// log sum exp, shifted by the maximum; and the maximum.
struct LogSum {
  double sum = 0, highest = 0;
};
LogSum LogSumExp(std::span<const float> row) {
  const auto highest = static_cast<double>(std::ranges::max(row));
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit) - highest);
  return {highest + std::log(sum), highest};
}

/// The lower triangular L of L L^T = `matrix`, in its place (Cholesky). The matrix is positive definite.
void Factorise(std::vector<double>& matrix, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j; i < n; ++i) {
      double value = matrix[i * n + j];
      for (size_t k = 0; k < j; ++k) value -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i == j ? std::sqrt(value) : value / matrix[j * n + j];
    }
  }
}

/// The inverse of a lower triangular matrix.
std::vector<double> InverseOfLower(const std::vector<double>& lower, size_t n) {
  std::vector<double> inverse(n * n);
  for (size_t j = 0; j < n; ++j) {
    inverse[j * n + j] = 1 / lower[j * n + j];
    for (size_t i = j + 1; i < n; ++i) {
      double value = 0;
      for (size_t k = j; k < i; ++k) value -= lower[i * n + k] * inverse[k * n + j];
      inverse[i * n + j] = value / lower[i * n + i];
    }
  }
  return inverse;
}

/// y = W x, of a lower triangular W.
void Whiten(const ScopeShape& shape, std::span<const float> row, std::span<float> out) {
  const size_t n = row.size();
  for (size_t i = 0; i < n; ++i) {
    const float* const weights = shape.whitening.data() + i * n;
    float sum = 0;
    for (size_t k = 0; k <= i; ++k) sum += weights[k] * row[k];
    out[i] = sum;
  }
}

struct LabelMeans {
  std::vector<double> means;   // [labels, labels]: of the logits of the texts of each label
  std::vector<double> counts;  // of texts of each label
};

/// `truth` holds a label of each text.
LabelMeans MeansOf(std::span<const float> logits, std::span<const int32_t> truth, size_t labels) {
  LabelMeans of{std::vector<double>(labels * labels), std::vector<double>(labels)};
  for (size_t t = 0; t < truth.size(); ++t) {
    const auto label = static_cast<size_t>(truth[t]);
    ++of.counts[label];
    for (size_t k = 0; k < labels; ++k) of.means[label * labels + k] += static_cast<double>(logits[t * labels + k]);
  }
  for (size_t label = 0; label < labels; ++label) {
    for (size_t k = 0; k < labels; ++k) of.means[label * labels + k] /= std::max(of.counts[label], 1.0);
  }
  return of;
}

/// The lower triangle of the covariance [labels, labels] of logits around the means of their labels, shrunk towards
/// equal variances, so that it is positive definite.
std::vector<double> ShrunkCovariance(std::span<const float> logits, std::span<const int32_t> truth, size_t labels,
                                     const LabelMeans& of_labels) {
  std::vector<double> covariance(labels * labels), rest(labels);
  for (size_t t = 0; t < truth.size(); ++t) {
    const auto label = static_cast<size_t>(truth[t]);
    for (size_t k = 0; k < labels; ++k) {
      rest[k] = static_cast<double>(logits[t * labels + k]) - of_labels.means[label * labels + k];
    }
    for (size_t i = 0; i < labels; ++i) {
      for (size_t k = 0; k <= i; ++k) {
        covariance[i * labels + k] += rest[i] * rest[k] / static_cast<double>(truth.size());
      }
    }
  }
  double trace = 0;
  for (size_t i = 0; i < labels; ++i) trace += covariance[i * labels + i];
  // Equal texts, or each label's alike, vary in nothing: then any positive variance tells near from far.
  const double shrink = trace > 0 ? kShrinkage * trace / static_cast<double>(labels) : 1;
  for (size_t i = 0; i < labels; ++i) covariance[i * labels + i] += shrink;
  return covariance;
}

float Distance(const ScopeShape& shape, std::span<const float> row, std::vector<float>& scratch) {
  const size_t n = row.size();
  scratch.resize(n);
  Whiten(shape, row, scratch);
  float nearest = kInfinity;
  for (size_t label = 0; label < n; ++label) {
    const float* const mean = shape.means.data() + label * n;
    float sum = 0;
    for (size_t k = 0; k < n; ++k) sum += (scratch[k] - mean[k]) * (scratch[k] - mean[k]);
    if (sum < nearest) nearest = sum;
  }
  return nearest;
}

}  // namespace

std::string_view NameOf(ScopeMethod method) {
  return method == ScopeMethod::kEnergy ? "energy" : method == ScopeMethod::kDistance ? "distance" : "max_probability";
}

Result<ScopeMethod> ParseScopeMethod(std::string_view name) {
  for (const ScopeMethod method : kMethods) {
    if (NameOf(method) == name) return method;
  }
  return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not an out-of-scope score", name),
              "expected max_probability, energy or distance");
}

Result<ScopeShape> FitScopeShape(std::span<const float> logits, std::span<const int32_t> truth, size_t labels) {
  const size_t texts = truth.size();
  if (labels == 0 || logits.size() != texts * labels) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("internal error: out-of-scope detection: got {} logits for {} texts and {} labels",
                            logits.size(), texts, labels));
  }
  if (texts < 2 * labels) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("--scope-method distance with {} labels requires at least {} texts, but there are {}",
                            labels, 2 * labels, texts),
                "specify more labelled texts, or another --scope-method");
  }
  for (const float logit : logits) {
    if (!std::isfinite(logit)) return Fail(ErrorCode::kInvalidArgument, "a logit is not a finite number");
  }
  for (const int32_t label : truth) {
    if (label < 0 || static_cast<size_t>(label) >= labels) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("label id {} is out of range", label));
    }
  }
  const LabelMeans of_labels = MeansOf(logits, truth, labels);
  std::vector<double> covariance = ShrunkCovariance(logits, truth, labels, of_labels);
  Factorise(covariance, labels);
  for (size_t i = 0; i < labels; ++i) {
    for (size_t k = i + 1; k < labels; ++k) covariance[i * labels + k] = 0;
  }
  const std::vector<double> whitening = InverseOfLower(covariance, labels);

  ScopeShape shape;
  shape.whitening.assign(whitening.begin(), whitening.end());
  shape.means.resize(labels * labels);
  std::vector<float> mean(labels);
  for (size_t label = 0; label < labels; ++label) {
    const auto row = std::span(shape.means).subspan(label * labels, labels);
    if (of_labels.counts[label] == 0) {
      std::ranges::fill(row, kInfinity);
      continue;
    }
    for (size_t k = 0; k < labels; ++k) mean[k] = static_cast<float>(of_labels.means[label * labels + k]);
    Whiten(shape, mean, row);
  }
  return shape;
}

void ScopeScores(ScopeMethod method, std::span<const float> logits, size_t labels, const ScopeShape& shape,
                 std::span<float> scores, std::vector<float>& scratch) {
  for (size_t t = 0; t < scores.size(); ++t) {
    const auto row = logits.subspan(t * labels, labels);
    float& score = scores[t];
    if (method == ScopeMethod::kDistance) {
      score = Distance(shape, row, scratch);
    } else {
      const LogSum sum = LogSumExp(row);
      score = static_cast<float>(method == ScopeMethod::kEnergy ? -sum.sum : 1 - std::exp(sum.highest - sum.sum));
    }
    if (std::isnan(score)) score = kInfinity;
  }
}

std::optional<double> ScopeAuroc(std::span<const float> in_scope, std::span<const float> out_of_scope) {
  if (in_scope.empty() || out_of_scope.empty()) return std::nullopt;
  std::vector<float> sorted(in_scope.begin(), in_scope.end());
  std::ranges::sort(sorted);
  double below = 0;  // pairs in the right order, ties half
  for (const float score : out_of_scope) {
    const auto [first, last] = std::ranges::equal_range(sorted, score);
    below += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  }
  return below / (static_cast<double>(in_scope.size()) * static_cast<double>(out_of_scope.size()));
}

}  // namespace winnow
