/// Out-of-scope scores: how far a text is from the labels of a classifier, computed from its logits.
///
///   max_probability  1 - the highest probability (Hendrycks and Gimpel 2017)
///   energy           -log sum exp(logit / T) of the logits as they are, which softmax would throw away
///                    (Liu, Wang, Owens, Li 2020)
///   distance         the squared Mahalanobis distance to the nearest label's mean, with one covariance for all (Lee,
///                    Lee, Lee, Shin 2018); of logits instead of a hidden layer, so that float, INT8, ONNX and linear
///                    models have it alike. On CLINC150 that loses nothing (docs/benchmarks.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class ScopeMethod { kMaxProbability, kEnergy, kDistance };

std::string_view NameOf(ScopeMethod method);
/// Parses the name of a method. Errors: kInvalidArgument, listing the methods.
Result<ScopeMethod> ParseScopeMethod(std::string_view name);

/// The parameters of the Mahalanobis distance for `labels` labels.
struct ScopeShape {
  /// [labels, labels] row-major: the matrix that transforms logits so that their covariance is the identity.
  std::vector<float> whitening;
  std::vector<float> means;  ///< [labels, labels]: row i is the whitened mean of label i

  bool empty() const { return means.empty(); }
};

/// Fits the parameters to logits [texts, labels] and their label ids. The covariance within labels is shrunk towards a
/// multiple of the identity by a hundredth of its mean variance, so that it can be inverted for any number of texts. A
/// label without texts is never the nearest (its mean is infinite). Errors: kInvalidData if there are fewer texts than
/// twice the number of labels; kInvalidArgument if sizes disagree, an id is out of range or a logit is not finite.
Result<ScopeShape> FitScopeShape(std::span<const float> logits, std::span<const int32_t> truth, size_t labels);

/// Computes the scores of rows [texts, labels]; higher scores are further out of scope. `shape` is used by kDistance
/// only. A NaN logit gives infinity, so that a text that cannot be judged is out of scope. `scratch` is working memory.
/// Thread-safe if each thread has its own scratch.
void ScopeScores(ScopeMethod method, std::span<const float> logits, size_t labels, const ScopeShape& shape,
                 std::span<float> scores, std::vector<float>& scratch);

/// Returns the area under the ROC curve for separating `out_of_scope` scores from `in_scope` ones; ties count half
/// (Mann-Whitney). None if one of the lists is empty.
std::optional<double> ScopeAuroc(std::span<const float> in_scope, std::span<const float> out_of_scope);

}  // namespace winnow
