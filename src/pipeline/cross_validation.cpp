#include "pipeline/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "data/label_sets.h"
#include "data/split.h"
#include "evaluate/strata.h"
#include "pipeline/data_plan.h"
#include "pipeline/measured_training.h"

namespace winnow {
namespace {

/// The folds of all texts. Those with an unknown label are distributed in turn, since they are tested and not trained
/// on.
Result<std::vector<std::vector<size_t>>> FoldsOf(const Dataset& data, const FoldOptions& options) {
  std::vector<size_t> known, unknown;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    (HasUnknownLabel(data.examples[i]) ? unknown : known).push_back(i);
  }
  if (unknown.empty()) return StratifiedFolds(data, options.folds, options.seed);
  auto folds = TRY(StratifiedFolds(PartOf(data, known), options.folds, options.seed));
  for (std::vector<size_t>& fold : folds) {
    for (size_t& i : fold) i = known[i];
  }
  for (size_t i = 0; i < unknown.size(); ++i) folds[i % folds.size()].push_back(unknown[i]);
  for (std::vector<size_t>& fold : folds) std::ranges::sort(fold);
  return folds;
}

/// The texts outside the fold whose labels are known, in parts. `validation_size` is a share of all
/// texts with known labels.
Result<Split> TrainingParts(const Dataset& data, const std::vector<size_t>& fold, const Dataset& validation,
                            double validation_size, uint64_t seed) {
  std::vector<size_t> others;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    if (!std::ranges::binary_search(fold, i) && !HasUnknownLabel(data.examples[i])) others.push_back(i);
  }
  const auto unknown = std::ranges::count_if(data.examples, HasUnknownLabel);
  const double all = static_cast<double>(data.examples.size()) - static_cast<double>(unknown);
  const double share = std::min(validation_size * all / static_cast<double>(others.size()), 0.9);
  Split split =
      TRY(StratifiedSplit(PartOf(data, others),
                          {.test_size = 0, .validation_size = validation.examples.empty() ? share : 0, .seed = seed}));
  if (!validation.examples.empty()) split.validation = validation;
  split.test = PartOf(data, fold);
  return split;
}

}  // namespace

Result<CrossValidated> CrossValidate(const TrainingPlan& plan, const Dataset& data, const Dataset& validation,
                                     const FoldOptions& options, ThreadPool& pool, TrainingObserver& observer) {
  const auto folds = TRY(FoldsOf(data, options));
  const TrainingPlan prepared = TRY(PrepareToMeasure(plan, observer));
  if (plan.distillation.teacher) {
    observer.Warn(
        "the texts of each fold test a student; if its teacher was trained on them, the metrics are too optimistic");
  }
  CrossValidated done;
  for (size_t k = 0; k < folds.size(); ++k) {
    const std::string what = fmt::format("fold {} of {}", k + 1, folds.size());
    Split split = TRY(TrainingParts(data, folds[k], validation, plan.data.validation_size, options.seed));
    TRY(AugmentTrainingPart(plan, split, observer));
    TrainedModel trained = TRY(TrainAndMeasure(prepared, split, what, pool, observer));
    done.probabilities.insert(done.probabilities.end(), trained.probabilities.begin(), trained.probabilities.end());
    std::ranges::move(trained.decisions, std::back_inserter(done.decided));
    done.result.folds.push_back({.train = static_cast<int64_t>(split.train.examples.size()),
                                 .validation = static_cast<int64_t>(split.validation.examples.size()),
                                 .best_epoch = trained.info.best_epoch,
                                 .seconds = trained.info.training_seconds,
                                 .metrics = trained.metrics});
    done.base_model_id = trained.info.base_model_id;
    done.hyperparameters = trained.info.hyperparameters;
    observer.Note(fmt::format("{}: {} test texts, accuracy {:.4f}, macro-F1 {:.4f}", what, trained.metrics.count,
                              trained.metrics.accuracy, trained.metrics.f1_macro));
  }
  done.tested.labels = data.labels;
  done.tested.multi_label = data.multi_label;
  for (const std::vector<size_t>& fold : folds) {
    for (const size_t i : fold) done.tested.examples.push_back(data.examples[i]);
  }
  const MetricsOptions metrics{.positive_label = done.result.folds.front().metrics.positive_label};
  done.result.pooled = TRY(ComputeMetricsOfSets(done.probabilities, LabelSets(done.tested), data.labels.names,
                                                data.multi_label, metrics, done.decided));
  return done;
}

}  // namespace winnow
