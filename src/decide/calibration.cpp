#include "decide/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "decide/probabilities.h"

namespace winnow {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::unexpected<Error> Bad(const std::string& why) { return Fail(ErrorCode::kInvalidModel, "calibration: " + why); }

Result<void> CheckNumbers(std::span<const double> values, const char* what, bool above_zero) {
  for (size_t i = 0; i < values.size(); ++i) {
    // Written so that NaN fails as well.
    if (std::isfinite(values[i]) && (!above_zero || values[i] > 0)) continue;
    return Bad(std::string(what) + " " + std::to_string(i) + " is " + fmt::format("{:f}", values[i]) + ", expected a " +
               (above_zero ? "number above 0" : "finite number"));
  }
  return {};
}

Result<void> CheckCurve(const CalibrationCurve& curve, size_t index) {
  const std::string name = "the curve of label " + std::to_string(index);
  if (curve.x.empty() || curve.x.size() != curve.y.size()) {
    return Bad(name + " has " + std::to_string(curve.x.size()) + " x values and " + std::to_string(curve.y.size()) +
               " y values, expected the same number, at least one");
  }
  for (size_t i = 0; i < curve.x.size(); ++i) {
    if (!std::isfinite(curve.x[i]) || !(curve.y[i] >= 0 && curve.y[i] <= 1))
      return Bad(name + " has a point that is not a number or not a probability");
    if (i > 0 && (curve.x[i] <= curve.x[i - 1] || curve.y[i] < curve.y[i - 1]))
      return Bad(name + " is not ascending at point " + std::to_string(i));
  }
  return {};
}

Result<void> CheckLength(size_t length, size_t expected, const char* what) {
  if (length == expected) return {};
  return Bad("there are " + std::to_string(length) + " " + what + ", expected " + std::to_string(expected) +
             " for the model's labels");
}

double SigmoidOf(double z) {
  const double power = std::exp(-std::abs(z));
  return (z < 0 ? power : 1.0) / (1.0 + power);
}

/// Each label against the rest, then divided by the sum. `row` and `out` may be the same memory: a label's logit is
/// read before its place is written.
void IsotonicRow(std::span<const CalibrationCurve> curves, std::span<const float> row, std::span<float> out) {
  if (std::ranges::any_of(row, [](float z) { return std::isnan(z); })) {
    std::ranges::fill(out, kNaN);
    return;
  }
  const size_t top = static_cast<size_t>(std::ranges::max_element(row) - row.begin());
  const auto largest = static_cast<double>(row[top]);
  if (std::isinf(largest)) {
    // The limit, as softmax has it: all labels that are as likely as the top one share what there is.
    const auto equals = static_cast<float>(std::ranges::count(row, row[top]));
    for (size_t k = 0; k < row.size(); ++k) out[k] = static_cast<double>(row[k]) == largest ? 1.0F / equals : 0.0F;
    return;
  }
  double rest = 0;  // without the top one: a difference of sums would lose it
  for (size_t k = 0; k < row.size(); ++k) {
    if (k != top) rest += std::exp(static_cast<double>(row[k]) - largest);
  }
  const auto log_odds = [&](size_t k) {
    const double z = static_cast<double>(row[k]) - largest;
    return z - std::log(k == top ? rest : 1.0 + rest - std::exp(z));
  };
  if (row.size() == 2 && curves.size() == 1) {
    const double second = curves[0].At(log_odds(1));
    out[0] = static_cast<float>(1.0 - second);
    out[1] = static_cast<float>(second);
    return;
  }
  double sum = 0;
  for (size_t k = 0; k < row.size(); ++k) {
    const double value = curves[k].At(log_odds(k));
    sum += value;
    out[k] = static_cast<float>(value);
  }
  for (float& value : out) {
    value = sum > 0 ? static_cast<float>(static_cast<double>(value) / sum) : 1.0F / static_cast<float>(row.size());
  }
}

void IsotonicRows(const Calibration& calibration, std::span<const float> logits, size_t labels, bool multi_label,
                  std::span<float> out) {
  if (!multi_label) {
    for (size_t at = 0; at + labels <= logits.size(); at += labels)
      IsotonicRow(calibration.curves, logits.subspan(at, labels), out.subspan(at, labels));
    return;
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    out[i] = static_cast<float>(calibration.curves[i % labels].At(static_cast<double>(logits[i])));
  }
}

}  // namespace

std::string_view NameOf(CalibrationMethod method) {
  return method == CalibrationMethod::kVector     ? "vector"
         : method == CalibrationMethod::kIsotonic ? "isotonic"
                                                  : "temperature";
}

double CalibrationCurve::At(double at) const {
  if (std::isnan(at)) return at;
  if (at <= x.front()) return y.front();
  if (at >= x.back()) return y.back();
  const auto right = static_cast<size_t>(std::ranges::upper_bound(x, at) - x.begin());
  const double share = (at - x[right - 1]) / (x[right] - x[right - 1]);
  // Rounding must not leave the two points' values: the curve would not be monotone.
  return std::clamp(y[right - 1] + share * (y[right] - y[right - 1]), y[right - 1], y[right]);
}

Result<void> CheckCalibration(const Calibration& calibration) {
  const double temperature[] = {calibration.temperature};
  TRY(CheckNumbers(temperature, "temperature", true));
  TRY(CheckNumbers(calibration.temperatures, "temperature", true));
  TRY(CheckNumbers(calibration.scale, "scale", true));
  TRY(CheckNumbers(calibration.bias, "bias", false));
  for (size_t i = 0; i < calibration.curves.size(); ++i) TRY(CheckCurve(calibration.curves[i], i));
  const bool vector = calibration.method == CalibrationMethod::kVector;
  const bool isotonic = calibration.method == CalibrationMethod::kIsotonic;
  if (calibration.scale.size() != calibration.bias.size() || calibration.scale.empty() == vector)
    return Bad("'scale' and 'bias' must be lists of the same length if the method is vector, and absent otherwise");
  if (calibration.curves.empty() == isotonic)
    return Bad("'points' must be present if the method is isotonic, and absent otherwise");
  if (!calibration.temperatures.empty() && (vector || isotonic))
    return Bad("'temperatures' must be absent if the method is " + std::string(NameOf(calibration.method)));
  return {};
}

Result<void> CheckCalibrationFits(const Calibration& calibration, size_t labels, bool multi_label) {
  TRY(CheckCalibration(calibration));
  if (!calibration.temperatures.empty()) {
    if (!multi_label) return Bad("temperatures per label require a multi-label model");
    TRY(CheckLength(calibration.temperatures.size(), labels, "temperatures"));
  }
  if (!calibration.scale.empty()) TRY(CheckLength(calibration.scale.size(), labels, "scales"));
  if (!calibration.curves.empty()) {
    TRY(CheckLength(calibration.curves.size(), !multi_label && labels == 2 ? 1 : labels, "curves"));
  }
  return {};
}

void Calibrate(const Calibration& calibration, std::span<const float> logits, size_t labels, bool multi_label,
               std::span<float> out) {
  if (labels == 0) return;
  switch (calibration.method) {
    case CalibrationMethod::kTemperature:
      if (!multi_label) return Softmax(logits, static_cast<int>(labels), calibration.temperature, out);
      if (calibration.temperatures.empty()) return Sigmoid(logits, calibration.temperature, out);
      for (size_t i = 0; i < logits.size(); ++i) {
        out[i] = static_cast<float>(SigmoidOf(static_cast<double>(logits[i]) / calibration.temperatures[i % labels]));
      }
      return;
    case CalibrationMethod::kVector:
      for (size_t i = 0; i < logits.size(); ++i) {
        const double z = calibration.scale[i % labels] * static_cast<double>(logits[i]) + calibration.bias[i % labels];
        out[i] = static_cast<float>(multi_label ? SigmoidOf(z) : z);
      }
      if (!multi_label) Softmax(out, static_cast<int>(labels), 1, out);
      return;
    case CalibrationMethod::kIsotonic:
      return IsotonicRows(calibration, logits, labels, multi_label, out);
  }
}

bool KeepsOrder(CalibrationMethod method, size_t labels, bool multi_label, bool pooled) {
  if (multi_label) return true;  // each method is a growing function of the label's logit
  if (labels == 2) return method != CalibrationMethod::kVector;
  // Of more labels the quotient with the strongest rival is sigmoid((z - z_rival) / T); but which of several windows
  // has the highest probability depends on T.
  return method == CalibrationMethod::kTemperature && !pooled;
}

}  // namespace winnow
