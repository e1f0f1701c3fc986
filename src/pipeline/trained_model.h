/// The steps after the fit, for every kind of model: manifest, calibration, thresholds, metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "calibrate/calibrator.h"
#include "data/dataset.h"
#include "data/split.h"
#include "evaluate/metrics.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns true if there are texts for calibration that the model is not trained on. With very few texts, the training
/// texts are used as the validation part too.
bool HasHeldOut(const Split& split);

/// Returns the id of the plan's positive label, or of the one that DefaultPositiveLabel chooses; -1 for none. Errors:
/// kInvalidArgument.
Result<int32_t> PositiveLabel(const DataPlan& data, const LabelSet& labels);

/// Returns a manifest with name, version, kind, template, label map and positive label. Errors: LabelMapOf's,
/// VersionOfNew's.
Result<Manifest> ManifestOf(const TrainingPlan& plan, const LabelSet& labels, int32_t positive_label);

/// Puts each label's threshold with the best F1 into the manifest, from the `probabilities` [texts, labels] of texts
/// that the model was not trained on, the validation part first; `truth` contains the label ids of each of these texts.
/// Returns the labels that keep .5, because too few texts have them, or do not have them. Errors: kInvalidArgument for
/// a single-label model.
Result<std::vector<std::string>> TuneThresholds(std::span<const float> probabilities,
                                                std::span<const std::vector<int32_t>> truth, const Dataset& validation,
                                                Manifest& manifest, TrainingObserver& observer);

/// Returns the label ids of each text that the bundle decides in the moderate mode. Errors: kInvalidModel.
Result<std::vector<std::vector<int32_t>>> DecisionsOf(std::span<const float> probabilities, const Dataset& set,
                                                      const Manifest& manifest);

/// Returns the metrics of these decisions. Errors: ComputeMetrics'.
Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decisions);

/// Checks, before the training, the conditions of the calibration after it. `held_out` is HasHeldOut's. Errors:
/// CheckEnoughTexts'.
Result<void> CheckCalibrationPlan(const TrainingPlan& plan, const Dataset& validation, bool held_out,
                                  int32_t positive_label);

/// Fits on the validation part whatever the plan requires, and notes it. Returns nothing without `held_out`. Errors:
/// Calibrator's.
Result<std::optional<CalibrationResult>> CalibrateTrained(const TrainingPlan& plan, bool held_out,
                                                          const HeldOutTexts& texts, Manifest& manifest,
                                                          TrainingObserver& observer);

}  // namespace winnow
