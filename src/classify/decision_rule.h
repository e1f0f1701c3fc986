/// The decision rule of a bundle: its positive label, thresholds and abstention as the manifest has them.
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

/// Immutable and thread-safe.
class DecisionRule {
 public:
  /// `where` opens messages. Errors: kInvalidModel where the manifest names a label that is none of `labels`.
  static Result<DecisionRule> Of(const Manifest& manifest, std::span<const std::string> labels, bool multi_label,
                                 std::string_view where);

  /// Decides for one text. Allocates nothing but the labels of a multi-label decision.
  Decision Decide(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;

  /// -1 where there is none.
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
