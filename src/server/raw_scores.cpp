#include "server/raw_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace winnow {
namespace {

constexpr double kLeast = std::numeric_limits<float>::min();
constexpr double kMost = 1 - std::numeric_limits<float>::epsilon() / 2;

/// scale * logit + bias is what the probability was made of.
struct Line {
  double scale = 1, bias = 0;
};

Line LineOf(const Calibration& calibration, size_t label, bool multi_label) {
  if (calibration.method == CalibrationMethod::kTemperature) {
    const bool own = label < calibration.temperatures.size();
    const double temperature = own ? calibration.temperatures[label] : calibration.temperature;
    if (temperature > 0) return {1 / temperature, 0};
  }
  if (calibration.method == CalibrationMethod::kVector && multi_label) {
    return {calibration.scale[label], calibration.bias[label]};
  }
  return {};
}

}  // namespace

std::vector<float> RawScores(const Calibration& calibration, std::span<const float> probabilities, bool multi_label) {
  std::vector<double> logits(probabilities.size());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double p = std::clamp(static_cast<double>(probabilities[i]), kLeast, kMost);
    const Line line = LineOf(calibration, i, multi_label);
    logits[i] = ((multi_label ? std::log(p / (1 - p)) : std::log(p)) - line.bias) / line.scale;
    sum += logits[i];
  }
  const double mean = multi_label || logits.empty() ? 0 : sum / static_cast<double>(logits.size());
  std::vector<float> scores;
  for (const double logit : logits) scores.push_back(static_cast<float>(logit - mean));
  return scores;
}

}  // namespace winnow
