/// Labelled texts of a made-up two-label model, for tests: the logit of label 1 is normal around +1 for its texts and
/// around -1 for the others, that of label 0 is 0. So the error of every rule on texts to come is known exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"
#include "calibrate/calibrator.h"
#include "data/dataset.h"
#include "decide/calibration.h"

namespace winnow {

/// The share of a standard normal distribution at or above `x`.
inline double NormalTail(double x) { return 0.5 * std::erfc(x / std::numbers::sqrt2); }

class SimulatedTexts {
 public:
  explicit SimulatedTexts(uint64_t seed) : random_(seed, "simulated texts") {}

  /// Draws `texts` texts, each of either label with probability one half.
  void Draw(size_t texts) {
    dataset.labels.names = {"ham", "spam"};
    dataset.examples.resize(texts);
    logits.assign(2 * texts, 0.0f);
    for (size_t t = 0; t < texts; ++t) {
      const int32_t label = random_.Below(2) == 0 ? 0 : 1;
      dataset.examples[t].labels = {label};
      logits[2 * t + 1] = static_cast<float>(random_.Normal() + (label == 1 ? 1 : -1));
    }
  }

  /// What a calibrator takes; refers to this object.
  HeldOutTexts HeldOut() const {
    return {.dataset = dataset,
            .logits = logits,
            .predict = [this](const Calibration& calibration) -> Result<std::vector<float>> {
              std::vector<float> probabilities(logits.size());
              Calibrate(calibration, logits, 2, /*multi_label=*/false, probabilities);
              return probabilities;
            },
            .positive_label = 1,
            .source = "simulated texts",
            .weights = "f32"};
  }

  Dataset dataset;
  std::vector<float> logits;  ///< [texts, 2]

 private:
  Random random_;
};

/// The logit of label 1 from which its calibrated probability is at least `probability`.
inline double LogitAt(const Calibration& calibration, double probability) {
  const double log_odds = std::log(probability / (1 - probability));
  if (calibration.method == CalibrationMethod::kVector) {
    return (log_odds - calibration.bias[1] + calibration.bias[0]) / calibration.scale[1];
  }
  return calibration.temperature * log_odds;
}

/// The false-positive rate of a threshold on texts to come.
inline double TrueFpr(const Calibration& calibration, double threshold) {
  return NormalTail(LogitAt(calibration, threshold) + 1);
}

/// The share of texts to come that are decided wrongly with a confidence of at least `below`, by a threshold of one
/// half and a temperature.
inline double TrueErrorAnswered(const Calibration& calibration, double below) {
  return NormalTail(LogitAt(calibration, std::max(below, 0.5)) + 1);
}

}  // namespace winnow
