#include "linear/train_linear.h"

#include <utility>

#include "linear/platt.h"

namespace winnow {
namespace {

/// Makes the score of the only output the logit that the scale gives it.
void MultiplyInto(const PlattScale& scale, LinearWeights& weights) {
  for (float& weight : weights.weights) weight *= -scale.a;
  weights.bias.front() = -(scale.a * weights.bias.front() + scale.b);
}

}  // namespace

Result<LinearModel> TrainLinear(std::span<const std::string_view> texts, const LinearLabels& truth,
                                const LinearTrainingOptions& options, ThreadPool& pool) {
  return TrainLinear(TRY(Vectorizer::Fit(texts, options.features, pool)), truth, options, pool);
}

Result<LinearModel> TrainLinear(FittedFeatures fitted, const LinearLabels& truth, const LinearTrainingOptions& options,
                                ThreadPool& pool) {
  LinearWeights weights = TRY(FitLinear(fitted.rows, truth, options.solver, pool));
  std::vector<PlattScale> platt;
  const bool svm = options.solver.kind == LinearKind::kSvm;
  if (options.platt.value_or(svm) && (svm || truth.binary())) {
    platt = TRY(FitPlatt(fitted.rows, truth, options.solver, options.seed, pool));
    if (!svm) MultiplyInto(std::exchange(platt, {}).front(), weights);
  }
  return LinearModel::Make(std::move(fitted.vectorizer), std::move(weights), options.solver.kind, truth.labels,
                           truth.multi_label, std::move(platt));
}

}  // namespace winnow
