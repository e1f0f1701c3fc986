/// The calibration of a bundle: how its logits become probabilities, by any of the methods.
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

/// A piecewise linear function, constant before the first point and after the last.
struct CalibrationCurve {
  std::vector<double> x;  ///< x of the points, ascending and finite
  std::vector<double> y;  ///< y of the points, non-decreasing and within 0 to 1

  /// Evaluates the curve, which has at least one point. Returns NaN for NaN.
  double At(double at) const;
  bool operator==(const CalibrationCurve&) const = default;
};

/// A calibration. Lists are by label id; the lists of other methods are empty.
struct Calibration {
  CalibrationMethod method = CalibrationMethod::kTemperature;
  double temperature = 1;
  /// Temperatures per label of a multi-label model; empty: `temperature` for all labels.
  std::vector<double> temperatures = {};
  std::vector<double> scale = {}, bias = {};  ///< parameters of vector scaling; scales are above 0
  /// Curves of isotonic calibration; one curve for a single-label model of two labels.
  std::vector<CalibrationCurve> curves = {};

  bool operator==(const Calibration&) const = default;
};

/// Checks that the values are valid for some model. Errors: kInvalidModel, naming the first invalid value.
Result<void> CheckCalibration(const Calibration& calibration);

/// Checks that the calibration fits a model with that number of labels. Errors: kInvalidModel.
Result<void> CheckCalibrationFits(const Calibration& calibration, size_t labels, bool multi_label);

/// Turns logits [n, labels], row-major, into probabilities; `out` has the size of `logits` and may be the same memory.
/// The calibration must fit the labels. Infinite logits give the limit, a NaN makes its row (multi-label: its label)
/// NaN. Thread-safe; allocates nothing.
void Calibrate(const Calibration& calibration, std::span<const float> logits, size_t labels, bool multi_label,
               std::span<float> out);

/// Returns true if the method, whatever its parameters, keeps the order of the texts by the score that thresholds are
/// compared with: for single-label models p(positive) / (p(positive) + p(strongest rival)), for multi-label models the
/// label's probability. `pooled`: the prediction of a text is that of one of its windows. If the order is kept, the
/// guarantee of a threshold holds although the calibration was fitted on the texts that the threshold was chosen on
/// (decide/neyman_pearson.h).
bool KeepsOrder(CalibrationMethod method, size_t labels, bool multi_label, bool pooled);

}  // namespace winnow
