#include "cli/trained_model.h"

#include <fmt/format.h>

#include <cmath>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
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

/// The bundle's own decisions in the moderate mode, of several labels a text.
std::vector<std::vector<int32_t>> DecidedSets(std::span<const float> probabilities, const Dataset& set,
                                              const Manifest& manifest) {
  const std::vector<std::string>& labels = set.labels.names;
  std::vector<float> thresholds;
  thresholds.reserve(labels.size());
  for (const std::string& label : labels) {
    const auto own = manifest.thresholds.labels.find(label);
    thresholds.push_back(
        static_cast<float>(own == manifest.thresholds.labels.end() ? manifest.thresholds.moderate : own->second));
  }
  std::vector<std::vector<int32_t>> decided;
  for (size_t t = 0; t < set.examples.size(); ++t) {
    decided.push_back(DecideMultiLabel(probabilities.subspan(t * labels.size(), labels.size()), thresholds).labels);
  }
  return decided;
}

/// `decided`: as above, where there are several labels a text.
Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decided) {
  const std::vector<std::string>& labels = set.labels.names;
  const MetricsOptions options{.positive_label =
                                   manifest.positive_label.empty() ? -1 : set.labels.Find(manifest.positive_label)};
  if (!set.multi_label) {
    std::vector<int32_t> truth;
    for (const Example& example : set.examples) truth.push_back(example.labels.front());
    return ComputeMetrics(probabilities, truth, labels, options);
  }
  return ComputeMultiLabelMetrics(probabilities, LabelSets(set), labels, options, decided);
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
