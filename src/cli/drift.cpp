#include "drift/drift.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "bundle/calibration_texts.h"
#include "cli/classify_options.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/feedback_options.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "cli/text_report.h"
#include "drift/drift_texts.h"
#include "drift/drift_words.h"
#include "filter/spam_filter.h"
#include "filter/stored_message.h"
#include "pipeline/base_model.h"
#include "registry/registry_cache.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 1000;  // of the progress bar

struct DriftCommandOptions : RegistryCommandOptions {
  fs::path model;
  std::string store, since, until;
  double days = 7;
  std::vector<fs::path> data, reference;
  ReadOptions reading;
  int64_t max_texts = 20000;
  Mode mode = Mode::kModerate;
  std::optional<double> threshold;
  Weights weights = Weights::kAuto;
  std::optional<fs::path> html, metrics;
  bool fail = false;
  uint64_t seed = 42;
};

void AddTextOptions(DriftCommandOptions& options, OptionTable& table) {
  table.Group("Current texts");
  table.Add("store", &options.store, "Store whose messages are compared, such as sqlite:store.db").ValueName("URL");
  table.Add("days", &options.days, "Compare the messages of the last X days").Range(0.001, 36500);
  table.Add("since", &options.since, "Messages at or after this time, in UTC; replaces --days").ValueName("TIME");
  table.Add("until", &options.until, "Messages before this time, in UTC").ValueName("TIME");
  table.Add("data", &options.data, "File of texts, with or without labels, in place of the messages of a store")
      .ValueName("FILE");
  table.Add("max-texts", &options.max_texts, "Maximum number of texts of each sample, the newest ones of a store")
      .Range(static_cast<double>(kMinDriftTexts), 1e7);
  table.Group("Reference texts");
  table
      .Add("reference", &options.reference,
           "File of texts that stand for those the model was made for, such as its training data")
      .ValueName("FILE")
      .Default("the calibration set in the bundle");
  table.Group("Reading of files");
  AddTextField(options.reading.text_field, table);
  AddFilter(options.reading.filter, table);
  AddFormatOptions(options.reading.format, table);
}

void Describe(DriftCommandOptions& options, OptionTable& table) {
  table
      .AddPositional(
          "model", &options.model,
          "Directory of the model or, with --registry, NAME, NAME@ALIAS or NAME:VERSION of a model, NAME alone "
          "being its champion")
      .ValueName("MODEL")
      .Required();
  AddTextOptions(options, table);
  table.Group("Registry");
  AddRegistryPlace(options.place, table);
  table.Group("Decision");
  AddModeOption(options.mode, table);
  AddThresholdOption(options.threshold, table);
  AddWeightsOption(options.weights, table);
  table.Group("Output");
  table.Add("html", &options.html, "Write the report as a page of HTML").ValueName("FILE");
  table
      .Add("metrics", &options.metrics,
           "Write metrics in Prometheus' text format, for the textfile collector of the node exporter")
      .ValueName("FILE");
  table.Add("fail-on-drift", &options.fail, "Exit with code 1 if there is drift");
  table.Add("seed", &options.seed, "Random seed of the intervals and of the cross-validation");
  table.Describe(
      "Compares the texts of now with reference texts. First come estimated error rates, which need no labels, because "
      "a calibrated probability says how often a decision of its kind is wrong; beside them, the rates of verdicts "
      "that people have labelled ('winnow feedback audit'). Then come effect sizes of the changes of predicted labels, "
      "scores, lengths, unknown words and wording, with the words that are new. Effect sizes do not grow with the "
      "number of texts, unlike p-values; those that chance explains with so few texts do not count as drift.");
  AddTrustOptions(options, table);
  table.Example("winnow drift spam --store sqlite:store.db", "the last seven days against the calibration set");
  table.Example("winnow drift spam --registry registry --store sqlite:store.db", "the champion of a registry");
  table.Example("winnow drift spam --data this-week.csv --reference sms.tsv --html drift.html",
                "two files, and the report as a page");
  table.Example("winnow drift spam --store sqlite:store.db --metrics /var/lib/prometheus/node-exporter/drift.prom",
                "weekly, for alerts");
}

struct Sample {
  std::vector<std::string> texts;
  std::string source;
  size_t redacted = 0;
  std::optional<StoreTime> since = {}, until = {};  ///< period of the messages of a store
};

Result<Sample> ReadFiles(const std::vector<fs::path>& files, const DriftCommandOptions& options,
                         const BundleClassifier& classifier) {
  ReadOptions reading = options.reading;
  reading.template_text = classifier.manifest().text_template;
  Sample sample;
  for (const fs::path& file : files) {
    ReadReport report;
    std::vector<std::string> texts = TRY(ReadTexts(file, reading, &report));
    LogTextReport(report);
    std::ranges::move(texts, std::back_inserter(sample.texts));
    sample.source += (sample.source.empty() ? "" : ", ") + report.files.front().file;
  }
  std::erase_if(sample.texts, [](const std::string& text) { return TrimAscii(text).empty(); });
  return sample;
}

Result<Sample> ReadReference(const DriftCommandOptions& options, const BundleClassifier& classifier) {
  if (!options.reference.empty()) return ReadFiles(options.reference, options, classifier);
  const fs::path file = options.model / kCalibrationTextsFile;
  Result<std::vector<CalibrationText>> texts = ReadCalibrationTexts(file);
  if (!texts) {
    if (texts.error().code == ErrorCode::kNotFound) texts.error().hint = "specify reference texts with --reference";
    return std::unexpected(std::move(texts.error()));
  }
  Sample sample{.texts = {}, .source = "calibration set of the model"};
  for (CalibrationText& each : *texts) sample.texts.push_back(std::move(each.text));
  return sample;
}

/// The messages of the store as the model read them: in its text template.
Result<Sample> ReadMessages(const DriftCommandOptions& options, const BundleClassifier& classifier, Store& store) {
  const auto age =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(options.days * 86400));
  const StoreTime since = TRY(ParseTimeOption("since", options.since)).value_or(StoreNow() - age);
  const std::optional<StoreTime> until = TRY(ParseTimeOption("until", options.until));
  StoredTexts read = TRY(ReadStoredTexts(store, since, until, static_cast<size_t>(options.max_texts)));
  if (const TextTemplate* const text_template = classifier.text_template(); text_template != nullptr) {
    for (std::string& text : read.texts) {
      text = TextForModel(MessageOfStoredText(std::move(text), text_template), text_template).joined();
    }
  }
  return Sample{.texts = std::move(read.texts),
                .source = fmt::format("messages of {} since {}", store.name(), TimeText(since)) +
                          (until ? " and before " + TimeText(*until) : ""),
                .redacted = read.redacted,
                .since = since,
                .until = until};
}

Result<void> CheckSources(const DriftCommandOptions& options) {
  if (options.store.empty() == options.data.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                options.store.empty() ? "the current texts are not specified" : "--store and --data cannot be combined",
                "specify --store URL or --data FILE");
  }
  if (!options.data.empty() && (!options.since.empty() || !options.until.empty())) {
    return Fail(ErrorCode::kInvalidArgument, "--since and --until require --store",
                "select rows of files with --filter");
  }
  std::vector<fs::path> inputs = options.data;
  inputs.insert(inputs.end(), options.reference.begin(), options.reference.end());
  for (const std::optional<fs::path>& output : {options.html, options.metrics}) {
    if (output) TRY(CheckOutputFile(*output, inputs));
  }
  return {};
}

/// Returns the directory of the model, which is pulled if it is a version of a registry that is not in its cache.
Result<fs::path> FindBundle(const DriftCommandOptions& options) {
  ConsoleObserver observer;
  if (options.place.registry.empty()) return FindModel(options.model, observer);
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const ModelVersion version = TRY(registry->Show(options.model.string()));
  const RegistryCache cache(TRY(DefaultRegistryCache(options.place.registry)), options.place.registry);
  return cache.Get(*registry, version.name, version.version);
}

Result<DriftReport> MeasuredDrift(DriftCommandOptions& options) {
  options.model = TRY(FindBundle(options));
  ThreadPool pool(options.threads);
  const BundleClassifier classifier = TRY(BundleClassifier::Load(options.model, pool, options.weights));
  DriftOptions drift{.classify = TRY(DecideBy(options.mode, options.threshold)), .seed = options.seed};
  drift.domain.seed = options.seed;
  TRY(classifier.CheckOptions(drift.classify));
  const auto trimmed = [&](Sample& sample) {
    sample.texts.resize(std::min(sample.texts.size(), static_cast<size_t>(options.max_texts)));
  };
  Sample reference = TRY(ReadReference(options, classifier));
  trimmed(reference);
  std::unique_ptr<Store> store;
  if (!options.store.empty()) store = TRY(OpenExistingStore(options.store));
  Sample current =
      TRY(store != nullptr ? ReadMessages(options, classifier, *store) : ReadFiles(options.data, options, classifier));
  trimmed(current);
  ProgressBar bar("drift", kSteps, ProgressUnit::kPercent);
  Result<DriftReport> measured =
      MeasureDrift(classifier, std::move(reference.texts), std::move(current.texts), drift, pool, [&](double done) {
        bar.Set(static_cast<int64_t>(done * kSteps));
        return !Interrupted();
      });
  if (!measured && measured.error().code == ErrorCode::kInvalidData && current.redacted > 0) {
    measured.error().hint = fmt::format(
        "{} messages were left out, because their texts are redacted; --redact-history none of 'winnow serve' keeps "
        "the texts of later ones",
        current.redacted);
  }
  DriftReport report = TRY(std::move(measured));
  bar.Finish();
  report.reference_source = std::move(reference.source);
  report.current_source = std::move(current.source);
  report.redacted = current.redacted;
  if (store != nullptr && classifier.positive_label() >= 0) {
    const std::string& positive = classifier.labels()[static_cast<size_t>(classifier.positive_label())];
    // Of the period of the current texts, beside whose estimates they stand.
    const VerdictSampleFilter filter{.model_version = report.version, .since = current.since, .until = current.until};
    const VerdictRates rates = EstimateRates(TRY(ReadVerdictSamples(*store, filter)), positive);
    if (rates.labelled > 0) report.audited = rates;
  }
  return report;
}

Result<void> Run(const DriftCommandOptions& given) {
  HandleInterrupts();
  DriftCommandOptions options = given;
  TRY(CheckSources(options));
  const DriftReport report = TRY(MeasuredDrift(options));
  if (options.html) TRY(WriteOutputFile(*options.html, DriftHtml(report)));
  if (options.metrics) TRY(WriteOutputFile(*options.metrics, DriftMetrics(report)));
  TRY(Print(options.json ? DriftJson(report).dump(2) + "\n" : DriftText(report)));
  if (options.fail && report.drifted()) return Fail(ErrorCode::kInvalidData, DriftVerdict(report));
  return {};
}

}  // namespace

Command DriftCommand() {
  return MakeCommand<DriftCommandOptions>(
      "drift", "Measures how much recent texts differ from those that a model was made for.", Describe, Run);
}

}  // namespace winnow
