/// The temperature that makes held-out logits most likely (Guo et al. 2017, section 4.2).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

inline constexpr double kMinTemperature = 0.05;
inline constexpr double kMaxTemperature = 20.0;
/// Fewer held-out texts than this do not fix a temperature.
inline constexpr int64_t kEnoughForTemperature = 50;

struct TemperatureFit {
  /// The maximum-likelihood temperature within the bounds; 1 where the data say nothing (none at all, or equal logits).
  double temperature = 1.0;
  /// Mean negative log likelihood in nats at temperature 1 and at `temperature`. Single-label: a text. Multi-label: a
  /// text and label.
  double nll_before = 0;
  double nll_after = 0;
  int64_t count = 0;  ///< texts used
  int iterations = 0;
  /// Whether the temperature should be used. False where the likelihood is flat or has no maximum inside the bounds,
  /// where all truth is one class, and for fewer than kEnoughForTemperature texts; `note` then says which. Keep 1
  /// there: a model that is right on all held-out texts would otherwise be made certain of everything (.05).
  bool reliable = false;
  std::string note;

  /// `temperature` where it is reliable, otherwise 1.
  double Usable() const { return reliable ? temperature : 1.0; }
};

/// Single-label: `logits` is [n, classes] row-major, `truth` n label ids. Deterministic.
/// Errors: kInvalidArgument when sizes disagree, a label is out of range or a logit is not finite.
Result<TemperatureFit> FitTemperature(std::span<const float> logits, int classes, std::span<const int32_t> truth);

/// Multi-label: one temperature for all labels; `truth` holds each text's label ids.
Result<TemperatureFit> FitTemperatureMultiLabel(std::span<const float> logits, int classes,
                                                std::span<const std::vector<int32_t>> truth);

}  // namespace winnow
