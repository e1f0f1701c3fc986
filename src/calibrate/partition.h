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

/// Indices of texts by purpose; the lists are disjoint, except that a purpose without a part of its own has the part
/// of the fit.
struct CalibrationPartition {
  std::vector<size_t> fit, thresholds, abstention;
  bool thresholds_apart = false, abstention_apart = false;  ///< whether they have a part of their own

  size_t parts() const { return 1 + (thresholds_apart ? 1 : 0) + (abstention_apart ? 1 : 0); }
};

/// Splits `texts` texts of a model with `labels` labels so that no choice sees the texts of another. `pooled`: texts
/// may be read in windows. The same arguments give the same partition.
CalibrationPartition PartitionTexts(const CalibrationOptions& options, size_t texts, size_t labels, bool multi_label,
                                    bool pooled);

/// Checks that there are enough texts for everything that `options` ask for: before a training, which takes long.
/// Errors: kInvalidData, with how many there are and how many are needed; kInvalidArgument for a max_fpr without a
/// positive label.
Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled);

}  // namespace winnow
