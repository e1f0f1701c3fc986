/// How a bundle's logits become probabilities: its calibration, whatever the method.
///
///   temperature  softmax or sigmoid of z / T (Guo et al. 2017); multi-label also with a T of each label's own
///   vector       softmax or sigmoid of scale_k z_k + bias_k (Guo et al. 2017, "vector scaling"; of one label by itself
///                that is Platt 1999)
///   isotonic     a non-decreasing curve of each label's log-odds against the rest (Zadrozny & Elkan 2002): multi-label
///                of z_k; of one label out of several of z_k - log sum_{j != k} exp(z_j), and the labels' values
///                divided by their sum. Of two labels one curve, of the second, is all there is.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class CalibrationMethod { kTemperature, kVector, kIsotonic };

/// Returns the name of a method in winnow.json and --calibration: "temperature", "vector", "isotonic".
std::string_view NameOf(CalibrationMethod method);

/// Straight lines between points, flat beyond the first and the last.
struct CalibrationCurve {
  std::vector<double> x;  ///< ascending, finite
  std::vector<double> y;  ///< non-decreasing, within 0 to 1

  /// Evaluates the curve, which has at least one point. Returns NaN for NaN.
  double At(double at) const;
  bool operator==(const CalibrationCurve&) const = default;
};

/// Lists are by label id. Those of other methods are empty.
struct Calibration {
  CalibrationMethod method = CalibrationMethod::kTemperature;
  double temperature = 1;
  std::vector<double> temperatures = {};      ///< multi-label, where labels have their own; else `temperature`
  std::vector<double> scale = {}, bias = {};  ///< vector; scales above 0
  std::vector<CalibrationCurve> curves = {};  ///< isotonic; one for a single-label model of two labels

  bool operator==(const Calibration&) const = default;
};

/// Checks that the values are valid for some model. Errors: kInvalidModel, naming the first invalid value.
Result<void> CheckCalibration(const Calibration& calibration);

/// Checks that the calibration fits a model with that number of labels. Errors: kInvalidModel.
Result<void> CheckCalibrationFits(const Calibration& calibration, size_t labels, bool multi_label);

/// Logits [n, labels] row-major to probabilities; `out` has the size of `logits` and may be the same memory. The
/// calibration fits the labels. Infinite logits take their limit, a NaN makes its row (multi-label: its label) NaN.
/// Thread-safe; allocates nothing.
void Calibrate(const Calibration& calibration, std::span<const float> logits, size_t labels, bool multi_label,
               std::span<float> out);

/// Whether the method, whatever its numbers are, leaves texts in the order of the score that thresholds look at: for
/// one label out of several p(positive) / (p(positive) + p(strongest rival)), multi-label the label's probability.
/// `pooled`: the prediction of a text is that of one of its windows. If it returns true, the guarantee of a threshold
/// holds although the calibration was fitted on the texts that chose it (decide/neyman_pearson.h).
bool KeepsOrder(CalibrationMethod method, size_t labels, bool multi_label, bool pooled);

}  // namespace winnow
