#include "pipeline/learning_curve.h"

#include <fmt/format.h>

#include <algorithm>

#include "evaluate/strata.h"
#include "pipeline/data_plan.h"
#include "pipeline/measured_training.h"

namespace winnow {
namespace {

/// Returns for each text 1 if its decision is right, otherwise 0.
std::vector<uint8_t> RightOnes(const TrainedModel& trained, const Dataset& test) {
  std::vector<uint8_t> right;
  right.reserve(test.examples.size());
  for (size_t t = 0; t < test.examples.size(); ++t) {
    right.push_back(trained.decisions[t] == test.examples[t].labels ? 1 : 0);
  }
  return right;
}

}  // namespace

Result<DataCurve> MeasureLearningCurve(const TrainingPlan& plan, const std::vector<std::string>& sizes,
                                       const Split& split, ThreadPool& pool, TrainingObserver& observer) {
  const size_t available = split.train.examples.size();
  const std::vector<size_t> counts = TRY(CurveSizes(sizes, available, split.train.labels.size()));
  const TrainingPlan prepared = TRY(PrepareToMeasure(plan, observer));
  const std::vector<size_t> order = StratifiedOrder(split.train, plan.seed);
  DataCurve curve{.available = static_cast<int64_t>(available),
                  .validation = static_cast<int64_t>(split.validation.examples.size()),
                  .points = {}};
  for (const size_t count : counts) {
    std::vector<size_t> chosen(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
    std::ranges::sort(chosen);  // the whole is as `winnow train` has it
    Split part{
        .train = PartOf(split.train, chosen), .validation = split.validation, .test = split.test, .training_only = {}};
    TRY(AugmentTrainingPart(prepared, part, observer));
    const TrainedModel trained = TRY(TrainAndMeasure(prepared, part, fmt::format("{} texts", count), pool, observer));
    curve.points.push_back({.texts = static_cast<int64_t>(count),
                            .seconds = trained.info.training_seconds,
                            .metrics = trained.metrics,
                            .right = RightOnes(trained, split.test)});
    observer.Note(fmt::format("{} training texts: accuracy {:.4f}, macro-F1 {:.4f}", count, trained.metrics.accuracy,
                              trained.metrics.f1_macro));
  }
  return curve;
}

}  // namespace winnow
