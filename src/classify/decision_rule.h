/// The decision rule of a bundle: its positive label, thresholds and abstention, as in the manifest.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "decide/decide.h"
#include "winnow/classifier.h"

namespace winnow {

/// A decision rule. Immutable and thread-safe.
class DecisionRule {
 public:
  /// Returns the rule of a manifest. `where` is the beginning of error messages. Errors: kInvalidModel if the manifest
  /// names a label that is not one of `labels`.
  static Result<DecisionRule> Of(const Manifest& manifest, std::span<const std::string> labels, bool multi_label,
                                 std::string_view where);

  /// Errors: kInvalidArgument for a threshold that is not between 0 and 1, or that has no effect because the model is
  /// single-label and has no positive label.
  Result<void> Check(const ClassifyOptions& options) const;
  /// Errors: kInvalidArgument for a mode other than the default that has no effect, because the model is single-label,
  /// has no positive label, and abstains alike in all modes.
  Result<void> CheckMode(Mode mode) const;

  /// Decides for one text. Allocates memory only for the labels of a multi-label decision.
  Decision Decide(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;

  /// Returns the id of the positive label; -1 if there is none.
  int32_t positive_label() const { return positive_label_; }

 private:
  DecisionRule() = default;

  bool multi_label_ = false;
  int32_t positive_label_ = -1;
  ModeThresholds modes_;
  std::array<float, 3> abstain_below_ = {};             // by mode
  std::array<std::vector<float>, 3> label_thresholds_;  // by mode; of a multi-label model with thresholds of its own
};

}  // namespace winnow
