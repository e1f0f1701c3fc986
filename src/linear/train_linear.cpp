#include "linear/train_linear.h"

#include <utility>

#include "linear/platt.h"

namespace winnow {

Result<LinearModel> TrainLinear(std::span<const std::string_view> texts, std::span<const std::vector<int32_t>> truth,
                                size_t labels, bool multi_label, const LinearTrainingOptions& options,
                                ThreadPool& pool) {
  return TrainLinear(TRY(Vectorizer::Fit(texts, options.features, pool)), truth, labels, multi_label, options, pool);
}

Result<LinearModel> TrainLinear(FittedFeatures fitted, std::span<const std::vector<int32_t>> truth, size_t labels,
                                bool multi_label, const LinearTrainingOptions& options, ThreadPool& pool) {
  LinearWeights weights = TRY(FitLinear(fitted.rows, truth, labels, multi_label, options.solver, pool));
  std::vector<PlattScale> platt;
  if (options.solver.kind == LinearKind::kSvm && options.platt) {
    platt = TRY(FitPlatt(fitted.rows, truth, labels, multi_label, options.solver, options.seed, pool));
  }
  return LinearModel::Make(std::move(fitted.vectorizer), std::move(weights), options.solver.kind, labels, multi_label,
                           std::move(platt));
}

}  // namespace winnow
