/// The partition of a calibration set into parts for calibration, thresholds and abstention.
///
/// A guarantee holds for texts that the scores were made without: a threshold or an abstention that depends on a
/// calibration fitted to the same texts has none. So the texts are split at random, in equal parts:
///   - a calibration alone, or nothing to fit, takes all texts
///   - thresholds of --max-fpr share the part of the calibration if that keeps the order of the texts
///     (decide/calibration.h: KeepsOrder), and otherwise have a part of their own
///   - abstention has a part of its own, unless neither a calibration nor thresholds are chosen with it
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "calibrate/calibration_options.h"
#include "data/dataset.h"

namespace winnow {

/// Indices of texts by purpose. The lists are disjoint, except that a purpose without a part of its own uses the part
/// for the fit.
struct CalibrationPartition {
  std::vector<size_t> fit, thresholds, abstention;
  /// True if thresholds or abstention have a part of their own.
  bool thresholds_apart = false, abstention_apart = false;

  size_t parts() const { return 1 + (thresholds_apart ? 1 : 0) + (abstention_apart ? 1 : 0); }
};

/// Splits `texts` texts of a model with `labels` labels so that no choice sees the texts of another choice. `pooled`:
/// texts may be read in windows. Equal arguments give equal partitions.
CalibrationPartition PartitionTexts(const CalibrationOptions& options, size_t texts, size_t labels, bool multi_label,
                                    bool pooled);

/// Checks that there are enough texts for everything that `options` require. Called before a training, which takes
/// long. Errors: kInvalidData, with the numbers of existing and required texts; kInvalidArgument for a max_fpr without
/// a positive label.
Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled);

}  // namespace winnow
