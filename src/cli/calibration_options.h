/// What `winnow calibrate` and `winnow train` can be told about calibration and promises, and which texts that takes.
///
/// Which texts do what. A promise holds for texts that the scores were made without: a threshold or an abstention that
/// depends on a calibration of the same texts has none. So the texts are dealt out by chance, in equal parts:
///   - one part for all where a calibration alone is fitted, or nothing is
///   - thresholds of --max-fpr share the calibration's part where that keeps the order of the texts
///     (decide/calibration.h: KeepsOrder), and have one of their own elsewhere
///   - abstention has one of its own, unless neither a calibration nor thresholds are chosen with it
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "data/dataset.h"
#include "decide/calibration.h"

namespace winnow {

enum class CalibrationChoice { kTemperature, kVector, kIsotonic, kNone, kKeep };

struct CalibrationOptions {
  CalibrationChoice calibration = CalibrationChoice::kTemperature;
  std::optional<double> max_fpr;
  double confidence = 0.95;
  std::optional<double> max_error;  // no option of `winnow train`

  /// The method, where one is fitted.
  std::optional<CalibrationMethod> Method() const;
};

/// --calibration, --max-fpr, --confidence; for a bundle that exists also 'keep' and --max-error.
void AddCalibrationOptions(CalibrationOptions& options, OptionTable& table, bool of_a_bundle);

/// Texts by what they are for; lists share texts where they may.
struct CalibrationParts {
  std::vector<size_t> fit, thresholds, abstain;
  bool thresholds_apart = false, abstain_apart = false;
};

/// Deals out `texts` texts of a model with so many labels: always alike.
CalibrationParts DealTexts(const CalibrationOptions& options, size_t texts, size_t labels, bool multi_label,
                           bool pooled);

/// What there are too few texts for: told before a training, which takes longer. Errors: kInvalidData, with how many
/// there are and how many are needed; kInvalidArgument for --max-fpr without a positive label.
Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled);

}  // namespace winnow
