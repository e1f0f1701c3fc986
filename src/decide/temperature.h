/// The temperature that makes held-out logits most likely (Guo et al. 2017, section 4.2), with the smoothed targets of
/// Platt (1999, "Probabilistic outputs for support vector machines", section 2.2): of n texts, the probability of the
/// true label is meant to be 1 - 1 / (n + 2) instead of 1, and the others share the rest. Without it, n texts that are
/// all right, or of which one is wrong by a hair, have a temperature near 0, which makes a model certain of everything
/// (docs/adr/074).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

inline constexpr double kMinTemperature = 1e-4;  // of linear models with much regularization, whose logits are tiny
inline constexpr double kMaxTemperature = 20.0;
/// Minimum number of held-out texts for fitting a temperature.
inline constexpr int64_t kEnoughForTemperature = 20;

struct TemperatureFit {
  /// The likeliest temperature within the bounds; 1 if the data do not determine it (no texts, or equal logits).
  double temperature = 1.0;
  /// Mean negative log likelihood in nats at temperature 1 and at `temperature`: per text for single-label, per text
  /// and label for multi-label sets. Of the labels as they are, not of the smoothed targets.
  double nll_before = 0;
  double nll_after = 0;
  int64_t count = 0;  ///< number of texts used
  int iterations = 0;
  /// True if the temperature should be used. False, with the reason in `note`, if all temperatures are equally likely
  /// or the likelihood has no maximum within the bounds, if all texts have the same class, and for fewer than
  /// kEnoughForTemperature texts. A temperature of 1 is then safer.
  bool reliable = false;
  std::string note;

  /// Returns `temperature` if it is reliable, otherwise 1.
  double Usable() const { return reliable ? temperature : 1.0; }
};

/// Fits the temperature of a single-label model. `logits` are [n, classes] row-major, `truth` are n label ids.
/// Deterministic. Errors: kInvalidArgument if sizes disagree, a label is out of range or a logit is not finite.
Result<TemperatureFit> FitTemperature(std::span<const float> logits, int classes, std::span<const int32_t> truth);

/// Fits one temperature for all labels of a multi-label model; `truth` contains the label ids of each text.
Result<TemperatureFit> FitTemperatureMultiLabel(std::span<const float> logits, int classes,
                                                std::span<const std::vector<int32_t>> truth);

}  // namespace winnow
