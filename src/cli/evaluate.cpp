#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/cross_validation.h"
#include "cli/data_options.h"
#include "cli/labelled_data.h"
#include "cli/output.h"
#include "cli/robustness.h"
#include "evaluate/evaluation.h"
#include "evaluate/report.h"

namespace winnow {
namespace {

struct EvaluateOptions : LabelledDataOptions {
  std::filesystem::path bundle;
  std::vector<std::filesystem::path> data;
  std::optional<LongText> long_text;
  std::optional<bool> fold_disguises;
  bool robustness = false;
  std::optional<int> folds;
  uint64_t seed = 42;
};

void Describe(EvaluateOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.AddPositional("data", &options.data, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each")
      .Required();
  AddLabelledDataOptions(options, table);
  AddLongTextOption(options.long_text, table);
  AddFoldDisguisesOption(options.fold_disguises, table);
  table.Group("Robustness");
  table.Add("robustness", &options.robustness,
            "Measure the texts under disguises instead: look-alike letters, leetspeak, invisible characters, spaced "
            "letters, typos and others, with and without --fold-disguises");
  table.Group("Cross-validation");
  table
      .Add(
          "folds", &options.folds,
          "Instead of measuring the model as it is, train its recipe anew on the data, once for each of so many folds, "
          "and measure each on the texts that it has not seen; no model stays")
      .AtLeast(2);
  table.Add("seed", &options.seed, "Another seed gives other folds, and other disguises");
  table.Describe(
      "With --folds the model's base model, hyperparameters, template and labels are taken from BUNDLE. For data that "
      "no model was trained on yet: winnow train DATA --folds K, with the options of a training.");
  table.Example("winnow evaluate spam sms.tsv --folds 5", "how good the recipe is, told on every text of the data");
  table.Example("winnow evaluate spam held-out.tsv", "figures with their confidence intervals");
}

Result<void> Run(const EvaluateOptions& options) {
  HandleInterrupts();
  ThreadPool pool(options.threads);
  if (options.folds && (options.robustness || options.fold_disguises)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--folds trains models of its own: --robustness and --fold-disguises are about BUNDLE",
                "leave one out");
  }
  if (options.robustness && options.fold_disguises) {
    return Fail(ErrorCode::kInvalidArgument, "--robustness measures both, with and without folding",
                "leave --fold-disguises out");
  }
  if (options.folds && (options.mode != Mode::kModerate || options.weights != Weights::kAuto || options.long_text)) {
    return Fail(ErrorCode::kInvalidArgument, "--folds trains models of its own, which decide in the moderate mode",
                "leave --mode, --weights and --long-text out");
  }
  const std::optional<bool> fold = options.robustness ? std::optional(false) : options.fold_disguises;
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(options.bundle, pool, options.weights, options.long_text, fold));
  ReadReport read;
  const Result<Dataset> dataset = ReadLabelledData(classifier, options.data, options, read);
  for (const std::string& line : Lines(read.Text())) LogInfo("{}", line);
  if (!dataset) return std::unexpected(dataset.error());
  if (options.folds) {
    TrainCommandOptions recipe = TRY(RecipeOf(options.bundle));
    recipe.json = options.json;
    return RunFolds(recipe, *dataset, {.folds = *options.folds, .seed = options.seed}, pool);
  }
  if (options.robustness) {
    return RunRobustness(options.bundle, classifier, *dataset,
                         {.seed = options.seed, .classify = {.mode = options.mode}}, options.json);
  }
  ProgressBar bar("evaluate", static_cast<int64_t>(dataset->examples.size()));
  const Metrics metrics = TRY(EvaluateClassifier(classifier, *dataset, {.mode = options.mode}, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return Print(options.json ? ReportJsonText(metrics) + "\n" : ReportText(metrics));
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>("evaluate", "Measures a model on labelled texts, with confidence intervals.",
                                      Describe, Run);
}

}  // namespace winnow
