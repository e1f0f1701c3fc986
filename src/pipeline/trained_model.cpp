#include "pipeline/trained_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/lines.h"
#include "bundle/model_version.h"
#include "calibrate/calibration_text.h"
#include "classify/decision_rule.h"
#include "data/label_sets.h"
#include "decide/decide.h"
#include "decide/label_thresholds.h"
#include "pipeline/data_plan.h"

namespace winnow {
namespace {

void NoteCalibration(const CalibrationResult& result, const TrainingPlan& plan, TrainingObserver& observer) {
  if (plan.calibration.max_fpr) {
    for (const std::string& line : Lines(CalibrationReportText(result))) observer.Note(line);
    if (!plan.model.transformer()) return;  // C is selected by cross-validation on the training texts
    observer.Note(fmt::format(
        "the validation texts were also used to select the best epoch; for a guarantee on independent texts, run "
        "winnow calibrate {} with other labelled texts",
        plan.output.dir.string()));
    return;
  }
  const std::vector<std::string>& notes = result.notes;
  observer.Note(CalibrationLine(result) + (notes.size() == 1 ? " (" + notes.front() + ")" : ""));
  if (notes.size() == 1) return;
  for (const std::string& note : notes) observer.Note(note);
}

std::string ThresholdText(double threshold) {
  if (threshold < 0.01) return fmt::format("{:.2g}", threshold);
  return threshold > 0.99 ? fmt::format("{:.6g}", threshold) : fmt::format("{:.2f}", threshold);
}

}  // namespace

bool HasHeldOut(const Split& split) {
  std::unordered_set<std::string_view> trained;
  for (const Example& example : split.train.examples) trained.insert(example.text);
  return std::ranges::any_of(split.validation.examples,
                             [&](const Example& example) { return !trained.contains(example.text); });
}

Result<int32_t> PositiveLabel(const DataPlan& data, const LabelSet& labels) {
  if (data.positive_label.empty()) return labels.Find(DefaultPositiveLabel(labels.names));
  const int id = labels.Find(data.positive_label);
  if (id >= 0) return id;
  return Fail(ErrorCode::kInvalidArgument, "--positive-label: the data have no label '" + data.positive_label + "'",
              fmt::format("the labels are: {}", fmt::join(labels.names, ", ")));
}

Result<Manifest> ManifestOf(const TrainingPlan& plan, const LabelSet& labels, int32_t positive_label) {
  Manifest manifest;
  manifest.name = !plan.output.name.empty() || plan.output.dir.empty()
                      ? plan.output.name
                      : std::filesystem::weakly_canonical(plan.output.dir).filename().string();
  if (!plan.output.dir.empty()) {
    manifest.version = TRY(VersionOfNew(plan.output.version, plan.output.dir, manifest.name));
  }
  manifest.kind = plan.model.kind;
  manifest.text_template = plan.data.reading.template_text;
  manifest.label_map = TRY(LabelMapOf(plan.data));
  manifest.fold_disguises = plan.model.fold_disguises;
  if (positive_label >= 0) manifest.positive_label = labels.names[static_cast<size_t>(positive_label)];
  return manifest;
}

Result<std::vector<std::string>> TuneThresholds(std::span<const float> probabilities,
                                                std::span<const std::vector<int32_t>> truth, const Dataset& validation,
                                                Manifest& manifest, TrainingObserver& observer) {
  if (!validation.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--tune-thresholds requires multi-label data, but each text has one label",
                "omit it");
  }
  const std::vector<std::string>& labels = validation.labels.names;
  SetBestF1Thresholds(probabilities, truth, labels, manifest.thresholds);
  std::vector<size_t> texts(labels.size());
  for (const std::vector<int32_t>& of_text : truth) {
    for (const int32_t label : of_text) ++texts[static_cast<size_t>(label)];
  }
  std::vector<std::string> tuned, untuned;
  for (size_t label = 0; label < labels.size(); ++label) {
    if (std::min(texts[label], truth.size() - texts[label]) >= kFewestTextsOfThreshold) {
      tuned.push_back(fmt::format("{} {}", labels[label], ThresholdText(manifest.thresholds.labels[labels[label]])));
    } else {
      untuned.push_back(labels[label]);
    }
  }
  const size_t held_out = validation.examples.size();
  const std::string source =
      truth.size() == held_out ? "validation texts" : "validation texts and, by cross-validation, the training texts";
  if (!tuned.empty()) {
    observer.Note(fmt::format("decision thresholds with the best F1 on the {}: {}", source, fmt::join(tuned, ", ")));
  }
  return untuned;
}

Result<std::vector<std::vector<int32_t>>> DecisionsOf(std::span<const float> probabilities, const Dataset& set,
                                                      const Manifest& manifest) {
  const std::vector<std::string>& labels = set.labels.names;
  const DecisionRule rule = TRY(DecisionRule::Of(manifest, labels, set.multi_label, manifest.name));
  std::vector<std::vector<int32_t>> decisions;
  for (size_t t = 0; t < set.examples.size(); ++t) {
    Decision decision = rule.Decide(probabilities.subspan(t * labels.size(), labels.size()));
    decisions.push_back(set.multi_label ? std::move(decision.labels) : std::vector{decision.label});
  }
  return decisions;
}

Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decisions) {
  const std::vector<std::string>& labels = set.labels.names;
  const MetricsOptions options{.positive_label =
                                   manifest.positive_label.empty() ? -1 : set.labels.Find(manifest.positive_label)};
  return ComputeMetricsOfSets(probabilities, LabelSets(set), labels, set.multi_label, options, decisions);
}

Result<void> CheckCalibrationPlan(const TrainingPlan& plan, const Dataset& validation, bool held_out,
                                  int32_t positive_label) {
  if (held_out) return CheckEnoughTexts(plan.calibration, validation, positive_label, plan.model.pooled());
  if (!plan.calibration.max_fpr) return {};
  return Fail(ErrorCode::kInvalidData, "--max-fpr requires validation texts that are not training texts",
              "add texts, or specify validation texts with --validation");
}

Result<std::optional<CalibrationResult>> CalibrateTrained(const TrainingPlan& plan, bool held_out,
                                                          const HeldOutTexts& texts, Manifest& manifest,
                                                          TrainingObserver& observer) {
  if (const std::optional<Thresholds>& given = plan.calibration.thresholds) {
    manifest.thresholds = *given;
    observer.Note(fmt::format("decision thresholds: strict {}, moderate {}, lenient {}, without a guarantee",
                              given->strict, given->moderate, given->lenient));
  }
  if (!held_out) {
    observer.Note("calibration skipped, temperature stays 1.00: there are no held-out texts to fit it on");
    return std::nullopt;
  }
  CalibrationResult result = TRY(Calibrator(texts, plan.calibration).Calibrate(manifest));
  NoteCalibration(result, plan, observer);
  return result;
}

}  // namespace winnow
