#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/shell.h"
#include "base/streams.h"
#include "bundle/find.h"
#include "calibrate/calibration_set.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/given_options.h"
#include "cli/labelled_data.h"
#include "cli/output.h"
#include "cli/zero_shot_options.h"
#include "data/filter.h"
#include "evaluate/evaluation.h"
#include "pipeline/base_model.h"
#include "pipeline/held_out_part.h"
#include "report/comparison.h"
#include "report/comparison_plot.h"
#include "report/find_bundles.h"
#include "report/measure_model.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 100;  // of the progress bar, for each model

struct CompareOptions : LabelledDataOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  fs::path data;
  std::vector<fs::path> bundles;
  std::optional<fs::path> models;
  bool held_out = false;
  SplitOptions split;
  std::optional<fs::path> save;
  std::optional<fs::path> plot;
  std::optional<fs::path> zero_shot;
  ZeroShotDetails zero_shot_details;
};

void Describe(CompareOptions& options, OptionTable& table) {
  options.table = &table;
  table.Describe(
      "All models classify the same texts; the table is sorted by macro-F1. A model that cannot be loaded is listed "
      "with its error, and the others are still evaluated. Texts whose label a model does not have count as errors of "
      "that model; with --unknown-labels drop, these texts are left out of the evaluation of that model.");
  table
      .AddPositional("data", &options.data,
                     "Labelled texts: a CSV, TSV, JSON, JSONL or fastText file, optionally gzip-compressed")
      .Required();
  table.AddPositional("bundle", &options.bundles, "Directories of models");
  table.Add("models", &options.models, "Also evaluate every model below DIR, one or two levels deep").ValueName("DIR");
  AddLabelledDataOptions(options, table);
  table.Group("Held-out part");
  table.Add(
      "held-out", &options.held_out,
      "Evaluate only the texts that 'winnow train' holds out of DATA as its test part: models that were trained on "
      "DATA have not seen them");
  table.Add("test-size", &options.split.test_size, "With --held-out: the --test-size that the models were trained with")
      .Range(0, 0.95);
  table.Add("seed", &options.split.seed, "With --held-out: the --seed that the models were trained with");
  table.Group("Zero-shot classification");
  table
      .Add("zero-shot", &options.zero_shot,
           "Also evaluate this natural language inference model, a directory or a name that 'winnow pull' accepts, by "
           "zero-shot classification with the labels of the data; _ and - in their names are replaced with spaces")
      .ValueName("NLI_MODEL");
  AddZeroShotDetails(options.zero_shot_details, table);
  table.Group("Output");
  table.Add("save", &options.save, "Append all metrics to FILE, as one line of JSON per run").ValueName("FILE");
  table
      .Add("plot", &options.plot,
           "Plot macro-F1 against time per text, as FILE.svg, or as FILE.png, which requires gnuplot")
      .ValueName("FILE");
  AddTrustOptions(options, table);
  table.Example("winnow compare held-out.tsv spam spam-small", "compare two models");
  table.Example("winnow compare held-out.tsv spam --zero-shot nli --hypothesis 'This message is {label}.'",
                "compare a trained model with zero-shot classification");
  table.Example("winnow compare held-out.tsv --models models --save history.jsonl --plot models.svg",
                "compare all models of a directory, with a history and a plot");
  table.Example("winnow compare messages.tsv --held-out --models models",
                "compare models that were trained on the same file, on the part of it that they have not seen");
}

/// A file by its bytes, as sha256sum says it: other tools can tell, too, that a line of the history is about it.
Result<std::string> DigestOf(const fs::path& data) {
  std::error_code ignored;
  if (!CanBeReadTwice(data) || fs::is_directory(data, ignored)) {
    return Fail(ErrorCode::kInvalidArgument, data.string() + ": not a regular file",
                "compare reads the data once for each model, so standard input and pipes cannot be used; save the data "
                "to a file");
  }
  return Sha256OfFile(data);
}

/// Measures one model after the other, each gone before the next is loaded.
class Measurements {
 public:
  Measurements(const CompareOptions& options, size_t models)
      : options_(options),
        pool_(options.threads),
        bar_("compare", kSteps * static_cast<int64_t>(models), ProgressUnit::kPercent) {}

  int threads() const { return pool_.size(); }

  /// Evaluates only these rows of the data.
  void OnlyRows(std::set<size_t> rows) { rows_ = std::move(rows); }

  /// Errors: kCancelled; what is wrong with the model is in it.
  Result<ComparedModel> Take(const FoundBundle& bundle) {
    return Take(bundle, [&](ComparedModel& model) { return Measure(bundle.path, model); });
  }
  /// Measures a zero-shot model, which is asked about the labels of the data. Errors: kCancelled.
  Result<ComparedModel> TakeZeroShot(const FoundBundle& bundle) {
    return Take(bundle, [&](ComparedModel& model) { return MeasureZeroShot(bundle.path, model); });
  }

  void Finish() { bar_.Finish(); }

 private:
  template <class Function>
  Result<ComparedModel> Take(const FoundBundle& bundle, const Function& measure) {
    bar_.SetField("", bundle.name);
    ComparedModel model{.name = bundle.name, .bundle = bundle.path.string()};
    const Result<void> measured = measure(model);
    TRY(CheckInterrupted());
    if (!measured) {
      model = {.name = bundle.name, .bundle = bundle.path.string(), .error = measured.error()};
      LogWarning("{}: {}", bundle.name, measured.error().message);
    }
    bar_.Set(kSteps * ++taken_);
    return model;
  }

  Result<void> Measure(const fs::path& bundle, ComparedModel& model) {
    const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool_, options_.weights));
    const Dataset dataset = TRY(Read(
        [&](ReadReport& report) {
          return ReadLabelledData(classifier, std::span(&options_.data, 1), options_.reading, report);
        },
        model));
    const std::string warning = TrainingTextsWarning(bundle, dataset, classifier);
    if (!warning.empty()) LogWarning("{}: {}", model.name, warning);
    if (rows_ && WasTrainedOnOtherTexts(bundle, options_.data, options_.reading, options_.split, *rows_)) {
      LogWarning(
          "{}: it was not trained on the training part of {} with this --test-size and --seed, so it may have seen the "
          "texts of the test part",
          model.name, options_.data.string());
    }
    TRY(MeasureModel(
        bundle, classifier, dataset, options_.mode, [&](double done) { return Tell(kSteps * done); }, model));
    return {};
  }

  Result<void> MeasureZeroShot(const fs::path& bundle, ComparedModel& model) {
    const Dataset dataset = TRY(Read(
        [&](ReadReport& report) { return ReadLabelledData(std::span(&options_.data, 1), options_.reading, report); },
        model));
    ZeroShotOptions options =
        ZeroShotOptionsOf(options_.zero_shot_details, dataset.labels.names, dataset.multi_label, options_.weights);
    for (const std::string& label : options.labels) options.phrases.push_back(PhraseOfLabel(label));
    const ZeroShotClassifier classifier = TRY(ZeroShotClassifier::Load(bundle, pool_, std::move(options)));
    TRY(MeasureModel(
        bundle, classifier, dataset, options_.mode, [&](double done) { return Tell(kSteps * done); }, model));
    return {};
  }

  template <class Function>
  Result<Dataset> Read(const Function& read, ComparedModel& model) {
    ReadReport report;
    Result<Dataset> dataset = read(report);
    if (dataset && rows_) KeepRows(*dataset, *rows_);
    // Once: the file is the same for all, and what differs is the labels that a model doesn't know.
    if (!told_) {
      for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
      told_ = true;
    }
    model.left_out = report.Dropped(DropReason::kUnknownLabel);
    model.unknown_labels = report.unknown_labels;
    // In a multi-label set, texts without any label are left, which say nothing about a model of other labels.
    if (dataset && report.label_counts.empty()) {
      return Fail(ErrorCode::kInvalidData, options_.data.string() + ": no row has a label that the model has",
                  "check --label-field, or use data with the labels of the model");
    }
    return dataset;
  }

  bool Tell(double step) {
    bar_.Set(kSteps * taken_ + static_cast<int64_t>(step));
    return !Interrupted();
  }

  const CompareOptions& options_;
  ThreadPool pool_;
  ProgressBar bar_;
  int64_t taken_ = 0;
  bool told_ = false;
  std::optional<std::set<size_t>> rows_;
};

/// False, with a warning, if a .png is asked for and only gnuplot is missing: the metrics are worth having without it.
Result<bool> CanPlot(const CompareOptions& options) {
  if (!options.plot) return false;
  const Result<void> can = CheckChartFile(*options.plot);
  if (can) return true;
  if (can.error().code != ErrorCode::kNotFound) return std::unexpected(can.error());
  LogWarning("{}", can.error().Text());
  return false;
}

Result<void> CheckSaveFile(const CompareOptions& options) {
  std::error_code ignored;
  if (!options.save) return {};
  const fs::path& file = *options.save;
  if (!fs::is_directory(file.has_parent_path() ? file.parent_path() : fs::path("."), ignored))
    return Fail(ErrorCode::kNotFound, "--save: " + file.string() + ": no such directory",
                "create the directory, or specify another file");
  return CheckOutputFile(file, std::span(&options.data, 1));
}

/// What is wrong with the hypothesis is wrong with the command, whatever the model.
Result<void> CheckZeroShot(const CompareOptions& options) {
  if (!options.zero_shot) return RequireNoZeroShotDetails(options.zero_shot_details);
  return CheckZeroShotOptions(ZeroShotOptionsOf(options.zero_shot_details, {"label"}, false, options.weights));
}

/// The model of --zero-shot, under the name that it was given.
Result<std::optional<FoundBundle>> ZeroShotModel(const CompareOptions& options) {
  if (!options.zero_shot) return std::nullopt;
  ConsoleObserver observer;
  FoundBundle model = TRY(FindBundles(std::span(&*options.zero_shot, 1), std::nullopt)).front();
  model.path = TRY(PullBaseModel(options.zero_shot->string(), observer));
  observer.FinishWork();
  model.name += " (zero-shot)";
  return model;
}

/// The models of the command line and of --models. A name may be that of a model in the cache.
Result<std::vector<FoundBundle>> BundlesOf(const CompareOptions& options) {
  if (options.zero_shot && options.bundles.empty() && !options.models) return std::vector<FoundBundle>();
  ConsoleObserver observer;
  for (const fs::path& path : options.bundles) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored) || IsBundle(path)) continue;
    if (const Result<std::vector<fs::path>> inside = BundlesBelow(path, 1); !inside || inside->empty()) continue;
    return Fail(ErrorCode::kInvalidArgument, path.string() + ": contains models, and is none itself",
                "to compare all of them: " + ShellLine({"--models", path.string()}));
  }
  std::vector<FoundBundle> bundles = TRY(FindBundles(options.bundles, options.models));
  for (FoundBundle& bundle : bundles) {
    Result<fs::path> found = FindModel(bundle.path, observer);
    if (found) bundle.path = *std::move(found);  // otherwise its measurement fails, and says so
  }
  return bundles;
}

/// Says why models could not be evaluated, in one line.
std::string ReasonsOf(const Comparison& comparison) {
  std::vector<std::string> reasons;
  for (const ComparedModel& model : comparison.models) {
    if (model.error) reasons.push_back(fmt::format("{} could not be evaluated: {}", model.name, model.error->message));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

/// Errors: kInvalidModel, with the reasons, if models that the command names could not be evaluated. Those that
/// --models found may fail.
Result<void> RequireNamed(const CompareOptions& options, const Comparison& comparison,
                          std::span<const FoundBundle> bundles, const std::optional<FoundBundle>& zero_shot) {
  std::vector<std::string> required;
  Comparison failed;
  for (size_t i = 0; i < std::min(bundles.size(), options.bundles.size()); ++i) required.push_back(bundles[i].name);
  if (zero_shot) required.push_back(zero_shot->name);
  for (const ComparedModel& model : comparison.models) {
    if (model.error && std::ranges::find(required, model.name) != required.end()) failed.models.push_back(model);
  }
  if (failed.models.empty()) return {};
  return Fail(ErrorCode::kInvalidModel, ReasonsOf(failed),
              "the results above are those of the other models; omit the models that failed, or mend them");
}

Result<void> Run(const CompareOptions& options) {
  HandleInterrupts();
  OptionEffects(options.table).Check(options.held_out, {"test-size", "seed"}, "without --held-out").Log();
  const bool plots = TRY(CanPlot(options));
  TRY(CheckSaveFile(options));
  TRY(Filter::Parse(FilterOf(options)));
  TRY(CheckZeroShot(options));
  const std::vector<FoundBundle> bundles = TRY(BundlesOf(options));
  const std::string digest = TRY(DigestOf(options.data));
  const std::optional<FoundBundle> zero_shot = TRY(ZeroShotModel(options));
  Comparison comparison{.timestamp = TimestampUtc(),
                        .data = options.data.string(),
                        .data_sha256 = digest,
                        .part = {},
                        .filter = FilterOf(options),
                        .mode = std::string(ModeName(options.mode)),
                        .threads = 0,
                        .models = {}};
  Measurements measurements(options, bundles.size() + (options.zero_shot ? 1 : 0));
  comparison.threads = measurements.threads();
  if (options.held_out) {
    comparison.part = "test";
    measurements.OnlyRows(TRY(HeldOutRows(options.data, options.reading, options.split)));
  }
  for (const FoundBundle& bundle : bundles) comparison.models.push_back(TRY(measurements.Take(bundle)));
  if (zero_shot) comparison.models.push_back(TRY(measurements.TakeZeroShot(*zero_shot)));
  measurements.Finish();
  Rank(comparison);
  const Json json = ComparisonJson(comparison);
  TRY(Print(options.json ? json.dump(2) + "\n" : ComparisonText(comparison)));
  if (BestOf(comparison) == nullptr) {
    return Fail(ErrorCode::kInvalidModel, "no model could be evaluated: " + ReasonsOf(comparison),
                "'winnow evaluate MODEL DATA' says more about one of them");
  }
  if (options.save) TRY(AppendOutputLine(*options.save, json.dump()));
  if (plots) {
    TRY(PlotComparison(comparison, *options.plot));
    LogInfo("wrote the plot to {}", options.plot->string());
  }
  return RequireNamed(options, comparison, bundles, zero_shot);
}

}  // namespace

Command CompareCommand() {
  return MakeCommand<CompareOptions>("compare", "Compares models on the same labelled texts.", Describe, Run);
}

}  // namespace winnow
