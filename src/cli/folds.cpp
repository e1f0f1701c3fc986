#include "cli/folds.h"

#include <string>
#include <utility>

#include "base/interrupt.h"
#include "base/lines.h"
#include "base/log.h"
#include "cli/console_observer.h"
#include "cli/output.h"
#include "data/deduplicate.h"
#include "data/label_sets.h"
#include "data/split.h"
#include "pipeline/data_plan.h"
#include "report/cross_validation_report.h"
#include "report/verdict.h"

namespace winnow {
namespace {

std::string CrossValidationVerdict(const CrossValidated& done) {
  return EvaluationVerdict(done.result.pooled, MajorityOf(LabelSets(done.tested)));
}

Result<void> PrintFolds(const CrossValidated& done, const std::string& verdict, size_t texts,
                        const FoldOptions& options, bool json) {
  if (!json) return Print(CrossValidationText(done.result) + "\n" + verdict + "\n");
  Json document = {{"texts", texts},
                   {"seed", options.seed},
                   {"base_model_id", done.base_model_id},
                   {"hyperparameters", done.hyperparameters}};
  document.update(CrossValidationJson(done.result));
  document["verdict"] = verdict;
  return Print(document.dump(2) + "\n");
}

/// Refuses options that ask for a model that stays.
Result<void> RequireMeasuringOnly(const TrainCommandOptions& options) {
  for (const auto& [given, name] :
       {std::pair(options.plan.output.resume, "resume"), std::pair(options.quantize, "quantize"),
        std::pair(options.skip_training, "skip-training")}) {
    if (!given) continue;
    return Fail(ErrorCode::kInvalidArgument,
                std::string("--") + name + " cannot be combined with --folds, because cross-validation saves no model",
                "omit the option");
  }
  return {};
}

}  // namespace

Result<void> RunFolds(const TrainingPlan& plan, Dataset data, const FoldOptions& options, bool json, ThreadPool& pool,
                      const FoldsReport& report) {
  for (const std::string& line : Lines(Deduplicate(data).Text())) LogInfo("{}", line);
  ConsoleObserver observer;
  CrossValidated done = TRY(CrossValidate(plan, data, {}, options, pool, observer));
  const std::string verdict = CrossValidationVerdict(done);  // before the report takes the texts
  if (report) TRY(report(done));
  return PrintFolds(done, verdict, data.examples.size(), options, json);
}

Result<void> RunTrainingFolds(const TrainCommandOptions& options) {
  TRY(RequireMeasuringOnly(options));
  const TrainingPlan plan = TRY(PlanOf(options));
  if (plan.data.files.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "usage: winnow train DATA... --folds K");
  }
  if (plan.data.test) {
    return Fail(ErrorCode::kInvalidArgument,
                "--test cannot be combined with --folds, which uses every text of DATA once as a test text",
                "omit --test, or add its file to DATA");
  }
  HandleInterrupts();
  ThreadPool pool(options.threads);
  ConsoleObserver observer;
  for (const std::string& line : OptionsWithoutEffect(options)) observer.Warn(line);
  SplitReport report;
  const Split split = TRY(ReadSplit(SplitFilesOf(plan.data), TRY(ReadOptionsOf(plan.data)),
                                    {.test_size = 0,
                                     .validation_size = 0,
                                     .seed = plan.seed,
                                     .min_class_texts = static_cast<size_t>(plan.data.min_class_texts)},
                                    report));
  for (const std::string& line : Lines(report.train.Text() + report.duplicates.Text())) LogInfo("{}", line);
  for (const std::string& warning : report.warnings) observer.Warn(warning);
  const FoldOptions folds{.folds = *options.folds, .seed = plan.seed};
  const CrossValidated done = TRY(CrossValidate(plan, split.train, split.validation, folds, pool, observer));
  return PrintFolds(done, CrossValidationVerdict(done), split.train.examples.size(), folds, options.json);
}

}  // namespace winnow
