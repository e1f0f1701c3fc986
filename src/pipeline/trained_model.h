/// The steps after the fit, for every kind of model: manifest, calibration, thresholds, metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

/// Whether there are texts to calibrate on that were not trained on. With very few texts the training texts are the
/// validation part too.
bool HasHeldOut(const Split& split);

/// The positive label of the plan, or what DefaultPositiveLabel makes of the labels; -1 for none. Errors:
/// kInvalidArgument.
Result<int32_t> PositiveLabel(const DataPlan& data, const LabelSet& labels);

/// Name, kind, template, label map and positive label. Errors: LabelMapOf's.
Result<Manifest> ManifestOf(const TrainingPlan& plan, const LabelSet& labels, int32_t positive_label);

/// Puts each label's threshold with the best F1 into the manifest, from the `probabilities` [texts, labels] of the
/// validation part. Errors: kInvalidArgument for a single-label model.
Result<void> TuneThresholds(std::span<const float> probabilities, const Dataset& validation, Manifest& manifest,
                            TrainingObserver& observer);

/// The decisions of the bundle in the moderate mode: the labels of each text. Errors: kInvalidModel.
Result<std::vector<std::vector<int32_t>>> DecisionsOf(std::span<const float> probabilities, const Dataset& set,
                                                      const Manifest& manifest);

/// The metrics of these decisions. Errors: ComputeMetrics'.
Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decisions);

/// Refuses before the training what would fail after it. `held_out` is HasHeldOut's. Errors: CheckEnoughTexts'.
Result<void> CheckCalibrationPlan(const TrainingPlan& plan, const Dataset& validation, bool held_out,
                                  int32_t positive_label);

/// Fits what the plan asks for on the validation part, and notes it. Nothing comes back if there was nothing to fit on,
/// without `held_out`. Errors: Calibrator's.
Result<std::optional<CalibrationResult>> CalibrateTrained(const TrainingPlan& plan, bool held_out,
                                                          const HeldOutTexts& texts, Manifest& manifest,
                                                          TrainingObserver& observer);

}  // namespace winnow
