#include "classify/decision_rule.h"

#include <algorithm>
#include <cmath>

#include "decide/label_thresholds.h"

namespace winnow {
namespace {

/// What the manifest says for the label in the mode, else the label's moderate threshold, moved.
float LabelThreshold(const Thresholds& thresholds, const std::string& label, const ModeThresholds& modes, Mode mode) {
  if (mode != Mode::kModerate) {
    const auto& own = mode == Mode::kStrict ? thresholds.labels_strict : thresholds.labels_lenient;
    if (const auto found = own.find(label); found != own.end()) return static_cast<float>(found->second);
  }
  const auto found = thresholds.labels.find(label);
  const float moderate = found == thresholds.labels.end() ? modes.moderate : static_cast<float>(found->second);
  return ThresholdInMode(moderate, modes, mode);
}

}  // namespace

Result<DecisionRule> DecisionRule::Of(const Manifest& manifest, std::span<const std::string> labels, bool multi_label,
                                      std::string_view where) {
  DecisionRule rule;
  rule.multi_label_ = multi_label;
  if (!manifest.positive_label.empty()) {
    const auto found = std::ranges::find(labels, manifest.positive_label);
    if (found == labels.end()) {
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": winnow.json's positive_label '" +
                                                manifest.positive_label + "' is not one of the labels in config.json");
    }
    rule.positive_label_ = static_cast<int32_t>(found - labels.begin());
  }
  const Thresholds& thresholds = manifest.thresholds;
  rule.modes_ = {.strict = static_cast<float>(thresholds.strict),
                 .moderate = static_cast<float>(thresholds.moderate),
                 .lenient = static_cast<float>(thresholds.lenient)};
  for (const auto* own : {&thresholds.labels, &thresholds.labels_strict, &thresholds.labels_lenient}) {
    for (const auto& [label, threshold] : *own) {
      if (std::ranges::find(labels, label) != labels.end()) continue;
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": winnow.json has a threshold for '" + label +
                                                "', which is not one of the labels in config.json");
    }
  }
  if (multi_label && !thresholds.labels.empty()) {
    for (const Mode mode : {Mode::kStrict, Mode::kModerate, Mode::kLenient}) {
      for (const std::string& label : labels) {
        rule.label_thresholds_[static_cast<size_t>(mode)].push_back(
            LabelThreshold(thresholds, label, rule.modes_, mode));
      }
    }
  }
  if (const auto& abstain = manifest.abstain) {
    rule.abstain_below_ = {static_cast<float>(abstain->strict), static_cast<float>(abstain->moderate),
                           static_cast<float>(abstain->lenient)};
  }
  return rule;
}

Result<void> DecisionRule::Check(const ClassifyOptions& options) const {
  if (options.abstain_below && std::isnan(*options.abstain_below)) {
    return Fail(ErrorCode::kInvalidArgument, "the confidence below which predictions abstain is not a number",
                "specify one between 0 and 1, or omit it for that of the model");
  }
  if (!options.threshold) return {};
  if (!(*options.threshold > 0 && *options.threshold < 1)) {
    return Fail(ErrorCode::kInvalidArgument, "a decision threshold must be more than 0 and less than 1");
  }
  if (multi_label_ || positive_label_ >= 0) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the model has no positive label, so it predicts the most probable label and uses no decision threshold",
              "omit the threshold, or train with --positive-label");
}

Result<void> DecisionRule::CheckMode(Mode mode) const {
  const bool abstains_alike = std::ranges::count(abstain_below_, abstain_below_[0]) == std::ssize(abstain_below_);
  if (mode == Mode::kModerate || multi_label_ || positive_label_ >= 0 || !abstains_alike) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the model has no positive label, so it predicts the most probable label in every mode",
              "omit the mode, or train with --positive-label");
}

Decision DecisionRule::Decide(std::span<const float> probabilities, const ClassifyOptions& options) const {
  const auto mode = static_cast<size_t>(options.mode);
  const DecideOptions decide{.positive_label = positive_label_,
                             .threshold = options.threshold.value_or(modes_.At(options.mode)),
                             .abstain_below = options.abstain_below.value_or(abstain_below_[mode])};
  if (!multi_label_) return winnow::Decide(probabilities, decide);
  const std::span<const float> own = label_thresholds_[mode];
  return DecideMultiLabel(probabilities, options.threshold ? std::span<const float>() : own, decide);
}

}  // namespace winnow
