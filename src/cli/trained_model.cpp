#include "cli/trained_model.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "classify/decision_rule.h"
#include "cli/data_options.h"
#include "decide/decide.h"
#include "decide/label_thresholds.h"

namespace winnow {

Result<int32_t> PositiveLabel(const TrainCommandOptions& options, const LabelSet& labels) {
  if (options.positive_label.empty()) return labels.Find(DefaultPositiveLabel(labels.names));
  const int id = labels.Find(options.positive_label);
  if (id >= 0) return id;
  std::string names;
  for (const std::string& name : labels.names) names += (names.empty() ? "" : ", ") + name;
  return Fail(ErrorCode::kInvalidArgument, "--positive-label: the data have no label '" + options.positive_label + "'",
              "labels are: " + names);
}

Result<Manifest> ManifestOf(const TrainCommandOptions& options, const LabelSet& labels, int32_t positive_label) {
  Manifest manifest;
  manifest.name =
      options.name.empty() ? std::filesystem::weakly_canonical(options.output_dir).filename().string() : options.name;
  manifest.kind = options.kind;
  manifest.text_template = options.template_text;
  manifest.label_map = TRY(LabelMapOf(options));
  manifest.fold_disguises = options.fold_disguises;
  if (positive_label >= 0) manifest.positive_label = labels.names[static_cast<size_t>(positive_label)];
  return manifest;
}

/// --tune-thresholds: each label's own, from validation texts.
Result<void> TuneThresholds(std::span<const float> probabilities, const Dataset& validation, Manifest& manifest) {
  if (!validation.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds is for multi-label data: here each text has one label",
                "leave it out");
  }
  const std::vector<std::string>& labels = validation.labels.names;
  const std::vector<float> thresholds = BestF1Thresholds(probabilities, LabelSets(validation), labels.size());
  std::string line;
  for (size_t i = 0; i < labels.size(); ++i) {
    manifest.thresholds.labels[labels[i]] = std::round(static_cast<double>(thresholds[i]) * 1e4) / 1e4;
    line += fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", labels[i], thresholds[i]);
  }
  LogInfo("thresholds with the best F1 on the validation texts: {}", line);
  return {};
}

/// The bundle's own decisions in the moderate mode: each text's labels.
Result<std::vector<std::vector<int32_t>>> Decided(std::span<const float> probabilities, const Dataset& set,
                                                  const Manifest& manifest) {
  const std::vector<std::string>& labels = set.labels.names;
  const DecisionRule rule = TRY(DecisionRule::Of(manifest, labels, set.multi_label, manifest.name));
  std::vector<std::vector<int32_t>> decided;
  for (size_t t = 0; t < set.examples.size(); ++t) {
    Decision decision = rule.Decide(probabilities.subspan(t * labels.size(), labels.size()));
    decided.push_back(set.multi_label ? std::move(decision.labels) : std::vector{decision.label});
  }
  return decided;
}

Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decided) {
  const std::vector<std::string>& labels = set.labels.names;
  const MetricsOptions options{.positive_label =
                                   manifest.positive_label.empty() ? -1 : set.labels.Find(manifest.positive_label)};
  if (set.multi_label) return ComputeMultiLabelMetrics(probabilities, LabelSets(set), labels, options, decided);
  std::vector<int32_t> truth, one;
  for (const Example& example : set.examples) truth.push_back(example.labels.front());
  for (const std::vector<int32_t>& ids : decided) one.push_back(ids.front());
  return ComputeMetrics(probabilities, truth, labels, options, one);
}

namespace {

/// Whether there are texts to calibrate on that were not trained on. With very few texts the training texts are the
/// validation part too.
bool HasHeldOut(const Split& split) {
  std::unordered_set<std::string_view> trained;
  for (const Example& example : split.train.examples) trained.insert(example.text);
  return std::ranges::any_of(split.validation.examples,
                             [&](const Example& example) { return !trained.contains(example.text); });
}

}  // namespace

/// What would fail after the training, told before it.
Result<void> CheckCalibrationOptions(const TrainCommandOptions& options, const Split& split, int32_t positive_label) {
  if (options.tune_thresholds && options.calibrating.max_fpr) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds and --max-fpr both choose thresholds", "leave one out");
  }
  if (HasHeldOut(split)) {
    return CheckEnoughTexts(options.calibrating, split.validation, positive_label,
                            options.long_text == LongText::kWindows);
  }
  if (!options.calibrating.max_fpr) return {};
  return Fail(ErrorCode::kInvalidData, "--max-fpr: there are no validation texts besides the training texts",
              "give more texts, or validation texts with --validation");
}

/// Fits what is asked for on the validation texts, and tells of it. What --json prints comes back.
Result<Json> CalibrateTrained(const TrainCommandOptions& options, const Split& split, const HeldOutTexts& texts,
                              Manifest& manifest) {
  if (!HasHeldOut(split)) {
    LogInfo("temperature 1.00 (no held-out texts: nothing is calibrated on what was trained on)");
    return Json();
  }
  CalibrationReport report = TRY(CalibrateManifest(texts, options.calibrating, manifest));
  if (!options.calibrating.max_fpr) {
    LogInfo("{}{}", report.line, report.notes.size() == 1 ? " (" + report.notes.front() + ")" : "");
    for (const std::string& note : report.notes) {
      if (report.notes.size() > 1) LogInfo("{}", note);
    }
  } else {
    for (const std::string& line : Lines(report.text)) LogInfo("{}", line);
    LogInfo(
        "the validation texts also chose the best epoch: for a promise without that reservation, winnow calibrate {} "
        "with texts of your own",
        options.output_dir.string());
  }
  return std::move(report.json);
}

/// The held-out texts that calibration used, for the INT8 gate and for calibrating again.
Result<void> WriteCalibrationTexts(const std::filesystem::path& path, const Dataset& dataset) {
  std::string lines;
  for (const Example& example : dataset.examples) {
    Json labels = Json::array();
    for (const int32_t label : example.labels) labels.push_back(dataset.labels.names[static_cast<size_t>(label)]);
    lines += DumpJsonLine({{"text", example.text}, {"label", dataset.multi_label ? labels : labels.front()}}) + "\n";
  }
  return WriteFileAtomically(path, lines);
}

}  // namespace winnow
