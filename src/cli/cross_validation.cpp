#include "cli/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/data_options.h"
#include "cli/measuring.h"
#include "cli/output.h"
#include "data/deduplicate.h"
#include "data/split.h"
#include "evaluate/strata.h"
#include "report/cross_validation_report.h"

namespace winnow {
namespace {

/// What each text was decided as, by the model that had not seen it.
struct Pool {
  std::vector<float> probabilities;
  std::vector<std::vector<int32_t>> truth, decided;

  void Add(const Dataset& test, TrainedBundle& fold) {
    probabilities.insert(probabilities.end(), fold.probabilities.begin(), fold.probabilities.end());
    std::ranges::move(LabelSets(test), std::back_inserter(truth));
    std::ranges::move(fold.decided, std::back_inserter(decided));
  }

  Result<Metrics> Figures(const Dataset& data, int32_t positive_label) const {
    const MetricsOptions options{.positive_label = positive_label};
    if (data.multi_label) return ComputeMultiLabelMetrics(probabilities, truth, data.labels.names, options, decided);
    std::vector<int32_t> labels, answers;
    for (const std::vector<int32_t>& of_text : truth) labels.push_back(of_text.front());
    for (const std::vector<int32_t>& of_text : decided) answers.push_back(of_text.front());
    return ComputeMetrics(probabilities, labels, data.labels.names, options, answers);
  }
};

/// The texts outside the fold, in parts. `validation_size` is a share of all texts.
Result<Split> TrainingParts(const Dataset& data, const std::vector<size_t>& fold, const Dataset& validation,
                            double validation_size, uint64_t seed) {
  std::vector<size_t> others;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    if (!std::ranges::binary_search(fold, i)) others.push_back(i);
  }
  const double all = static_cast<double>(data.examples.size());
  const double share = std::min(validation_size * all / static_cast<double>(others.size()), 0.9);
  Split split =
      TRY(StratifiedSplit(PartOf(data, others),
                          {.test_size = 0, .validation_size = validation.examples.empty() ? share : 0, .seed = seed}));
  if (!validation.examples.empty()) split.validation = validation;
  split.test = PartOf(data, fold);
  return split;
}

Result<void> PrintFolds(const CrossValidated& done, size_t texts, const FoldOptions& options, bool json) {
  if (!json) return Print(CrossValidationText(done.result));
  Json document = {{"texts", texts}, {"seed", options.seed}};
  document.update(done.recipe);
  document.update(CrossValidationJson(done.result));
  return Print(document.dump(2) + "\n");
}

}  // namespace

Result<CrossValidated> CrossValidate(const TrainCommandOptions& recipe, const Dataset& data, const Dataset& validation,
                                     const FoldOptions& options, ThreadPool& pool) {
  const auto folds = TRY(StratifiedFolds(data, options.folds, options.seed));
  const TrainCommandOptions prepared = TRY(PrepareToMeasure(recipe));
  CrossValidated done;
  Pool pooled;
  for (size_t k = 0; k < folds.size(); ++k) {
    const std::string what = fmt::format("fold {} of {}", k + 1, folds.size());
    Split split = TRY(TrainingParts(data, folds[k], validation, recipe.validation_size, options.seed));
    AddVariants(recipe, split);
    TrainedBundle trained = TRY(TrainToMeasure(prepared, split, what, pool));
    pooled.Add(split.test, trained);
    const auto& best_epoch = trained.info["best_epoch"];
    done.result.folds.push_back(
        {.train = static_cast<int64_t>(split.train.examples.size()),
         .validation = static_cast<int64_t>(split.validation.examples.size()),
         .best_epoch = best_epoch.is_null() ? std::nullopt : std::optional(best_epoch.get<double>()),
         .seconds = trained.info["training_time_seconds"].get<double>(),
         .metrics = trained.metrics});
    done.recipe = {{"base_model_id", trained.info["base_model_id"]},
                   {"hyperparameters", trained.info["hyperparameters"]}};
    LogInfo("{}: {} texts tested, accuracy {:.4f}, macro-F1 {:.4f}", what, trained.metrics.count,
            trained.metrics.accuracy, trained.metrics.f1_macro);
  }
  done.result.pooled = TRY(pooled.Figures(data, done.result.folds.front().metrics.positive_label));
  done.tested.labels = data.labels;
  done.tested.multi_label = data.multi_label;
  for (const std::vector<size_t>& fold : folds) {
    for (const size_t i : fold) done.tested.examples.push_back(data.examples[i]);
  }
  done.probabilities = std::move(pooled.probabilities);
  done.decided = std::move(pooled.decided);
  return done;
}

Result<void> RunFolds(const TrainCommandOptions& recipe, Dataset data, const FoldOptions& options, ThreadPool& pool,
                      const FoldsReport& report) {
  for (const std::string& line : Lines(Deduplicate(data).Text())) LogInfo("{}", line);
  CrossValidated done = TRY(CrossValidate(recipe, data, {}, options, pool));
  if (report) TRY(report(done));
  return PrintFolds(done, data.examples.size(), options, recipe.json);
}

Result<void> RunTrainingFolds(const TrainCommandOptions& options) {
  if (options.data.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "usage: winnow train DATA... --folds K");
  }
  if (options.test) {
    return Fail(ErrorCode::kInvalidArgument, "--test: with --folds every text is tested once",
                "leave it out, or name its file as more data");
  }
  HandleInterrupts();
  ThreadPool pool(options.threads);
  SplitReport report;
  const Split split = TRY(ReadSplit(SplitFilesOf(options), TRY(ReadOptionsOf(options)),
                                    {.test_size = 0, .validation_size = 0, .seed = options.seed}, report));
  for (const std::string& line : Lines(report.train.Text() + report.duplicates.Text())) LogInfo("{}", line);
  const FoldOptions folds{.folds = *options.folds, .seed = options.seed};
  const CrossValidated done = TRY(CrossValidate(options, split.train, split.validation, folds, pool));
  return PrintFolds(done, split.train.examples.size(), folds, options.json);
}

}  // namespace winnow
