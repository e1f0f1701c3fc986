/// Probabilities to a decision: thresholds of the three modes, abstention, single-label and multi-label.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "winnow/classifier.h"

namespace winnow {

/// "strict", "moderate" or "lenient". Errors: kInvalidArgument, with the list.
Result<Mode> ParseMode(std::string_view name);
std::string_view ModeName(Mode mode);

/// The probability from which a label is decided, one for each mode. Compared as float, so that 0.7f reaches 0.7.
struct ModeThresholds {
  float strict = 0.3F;
  float moderate = 0.5F;
  float lenient = 0.7F;

  float At(Mode mode) const;
  bool operator==(const ModeThresholds&) const = default;
};

/// What was decided about one text. Label ids are positions in the bundle's label list.
struct Decision {
  /// The decided label. Multi-label: the most probable decided one, -1 when none was reached.
  int32_t label = -1;
  /// The most probable label, whatever the threshold. -1 only when no probability is a number.
  int32_t top = -1;
  /// Two labels of which one is positive: the probability of the positive one, whichever was decided. Otherwise that of
  /// the decided label (multi-label and none decided: the highest). 0 when it is not a number.
  float score = 0;
  /// The probability of what was decided. Multi-label and none decided: 1 minus the highest probability.
  float confidence = 0;
  /// The positive label was decided.
  bool positive = false;
  /// The confidence is below DecideOptions::abstain_below, or a probability is not a number.
  bool abstained = false;
  /// Multi-label: every decided label, ascending. Single-label: empty.
  std::vector<int32_t> labels;
};

struct DecideOptions {
  /// -1 for none. An id outside the labels counts as none.
  int32_t positive_label = -1;
  /// Single-label: from here on the positive label is decided. Without a positive label it is not used.
  float threshold = 0.5F;
  /// Single-label and multi-label: below this confidence the decision is marked as abstained. 0: never.
  float abstain_below = 0;
};

/// One label of `probabilities` (one row, sum 1).
/// Without a positive label the most probable one, the first of equals. With one, it is decided when
///   p(positive) / (p(positive) + p(strongest rival)) >= threshold, else the strongest rival.
/// For two labels that is p(positive) >= threshold; for more it is the most probable label at .5, and a mode moves the
/// border in the same direction. Thread-safe; allocates nothing.
Decision Decide(std::span<const float> probabilities, const DecideOptions& options = {});

/// Every label of `probabilities` (one row, independent) that reaches its threshold. `thresholds` has one entry a
/// label, or one for all; empty means options.threshold for all. A label beyond a shorter list uses options.threshold.
/// Thread-safe.
Decision DecideMultiLabel(std::span<const float> probabilities, std::span<const float> thresholds,
                          const DecideOptions& options = {});

}  // namespace winnow
