/// What every kind of training does with a model that has learnt: its manifest, thresholds, figures, held-out texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "cli/calibrating.h"
#include "cli/train_options.h"
#include "data/dataset.h"
#include "data/split.h"
#include "evaluate/metrics.h"

namespace winnow {

/// --positive-label, or what DefaultPositiveLabel makes of the labels; -1 for none. Errors: kInvalidArgument.
Result<int32_t> PositiveLabel(const TrainCommandOptions& options, const LabelSet& labels);

/// Name, kind, template, label map and positive label. Errors: LabelMapOf's.
Result<Manifest> ManifestOf(const TrainCommandOptions& options, const LabelSet& labels, int32_t positive_label);

/// --tune-thresholds: each label's own into the manifest, from the `probabilities` [texts, labels] of validation texts.
/// Errors: kInvalidArgument for a model of one label a text.
Result<void> TuneThresholds(std::span<const float> probabilities, const Dataset& validation, Manifest& manifest);

/// The bundle's own decisions in the moderate mode: each text's labels. Errors: kInvalidModel.
Result<std::vector<std::vector<int32_t>>> Decided(std::span<const float> probabilities, const Dataset& set,
                                                  const Manifest& manifest);

/// The figures of these decisions. Errors: ComputeMetrics'.
Result<Metrics> MetricsOf(std::span<const float> probabilities, const Dataset& set, const Manifest& manifest,
                          std::span<const std::vector<int32_t>> decided);

/// What would fail after the training, told before it. Errors: CheckEnoughTexts'.
Result<void> CheckCalibrationOptions(const TrainCommandOptions& options, const Split& split, int32_t positive_label);

/// Fits what is asked for on the validation texts, and tells of it. What --json prints comes back, null where there
/// was nothing to fit on. Errors: CalibrateManifest's.
Result<Json> CalibrateTrained(const TrainCommandOptions& options, const Split& split, const HeldOutTexts& texts,
                              Manifest& manifest);

/// The held-out texts that calibration used, for the INT8 gate and for calibrating again. Errors: kIo.
Result<void> WriteCalibrationTexts(const std::filesystem::path& path, const Dataset& dataset);

}  // namespace winnow
