/// From probabilities to a decision: decision thresholds of the three modes, abstention, single-label and multi-label.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "winnow/classifier.h"

namespace winnow {

/// Parses "strict", "moderate" or "lenient". Errors: kInvalidArgument, listing the modes.
Result<Mode> ParseMode(std::string_view name);
std::string_view ModeName(Mode mode);

/// The range of decision thresholds, which are more than 0 and less than 1: a threshold of 0 would decide a label for
/// every text. The least is the smallest float that computations without subnormal numbers keep.
inline constexpr float kLeastThreshold = std::numeric_limits<float>::min();
inline constexpr float kGreatestThreshold = 1 - std::numeric_limits<float>::epsilon() / 2;

/// The decision threshold of each mode. Compared as float, so that 0.7f reaches 0.7.
struct ModeThresholds {
  float strict = 0.3F;
  float moderate = 0.5F;
  float lenient = 0.7F;

  float At(Mode mode) const;
  bool operator==(const ModeThresholds&) const = default;
};

/// The decision for one text. Label ids are indices into the bundle's list of labels.
struct Decision {
  /// The decided label. Multi-label: the most probable decided label, -1 if no label reached its threshold.
  int32_t label = -1;
  /// The most probable label, whatever the threshold. -1 only if no probability is a number.
  int32_t top = -1;
  /// With two labels of which one is positive, the probability of the positive label, even if it was not decided.
  /// Otherwise the probability of the decided label (multi-label without a decided label: the highest probability). 0
  /// if it is not a number.
  float score = 0;
  /// The probability of the decided label. Multi-label without a decided label: 1 minus the highest probability.
  float confidence = 0;
  /// True if the positive label was decided.
  bool positive = false;
  /// True if the confidence is below DecideOptions::abstain_below, or a probability is not a number.
  bool abstained = false;
  /// All decided labels of a multi-label decision, ascending; empty for a single-label decision.
  std::vector<int32_t> labels;
  /// The decision threshold that was applied: that of the positive label; for a multi-label decision that of `label`,
  /// or of `top` if no label was decided. Empty if none was applied: a single-label decision without a positive label.
  std::optional<float> threshold;
};

struct DecideOptions {
  /// Id of the positive label; -1 for none. An id that is not one of the labels counts as none.
  int32_t positive_label = -1;
  /// Single-label: the decision threshold of the positive label. Not used without a positive label.
  float threshold = 0.5F;
  /// Confidence below which a decision is marked as an abstention. 0: never.
  float abstain_below = 0;
};

/// Chooses one label by `probabilities` (one row, sum 1). Without a positive label, it is the most probable one, the
/// first of equally probable ones. With a positive label, that label is decided if p(positive) / (p(positive) +
/// p(strongest rival)) >= threshold, otherwise the strongest rival. For two labels the condition is p(positive) >=
/// threshold; for more labels and a threshold of .5 the decision is the most probable label, and the modes move the
/// threshold in the same direction. Thread-safe; allocates nothing.
Decision Decide(std::span<const float> probabilities, const DecideOptions& options = {});

/// Chooses every label of `probabilities` (one row, independent) that reaches its threshold. `thresholds` has one entry
/// per label, or one for all; empty means options.threshold for all. A label beyond a shorter list uses
/// options.threshold. Thread-safe.
Decision DecideMultiLabel(std::span<const float> probabilities, std::span<const float> thresholds,
                          const DecideOptions& options = {});

}  // namespace winnow
