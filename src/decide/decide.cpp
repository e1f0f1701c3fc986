#include "decide/decide.h"

#include <cmath>
#include <string>

namespace winnow {
namespace {

bool AnyNaN(std::span<const float> values) {
  for (const float value : values) {
    if (std::isnan(value)) return true;
  }
  return false;
}

/// The first largest number outside `skip`, or -1 when there is none.
int32_t Largest(std::span<const float> values, int32_t skip = -1) {
  int32_t best = -1;
  for (size_t i = 0; i < values.size(); ++i) {
    if (static_cast<int32_t>(i) == skip || std::isnan(values[i])) continue;
    if (best < 0 || values[i] > values[static_cast<size_t>(best)]) best = static_cast<int32_t>(i);
  }
  return best;
}

/// Not-a-number probabilities come from a broken model: nothing is decided with confidence.
Decision Undecided(std::span<const float> probabilities) {
  Decision decision;
  decision.top = Largest(probabilities);
  decision.abstained = true;
  return decision;
}

bool ReachesThreshold(float positive, float rival, size_t labels, float threshold) {
  // Two labels: the probability itself, so that rounding of the other one can't move the border.
  if (labels <= 2) return positive >= threshold;
  // At .5 the quotient would round; the comparison it stands for does not.
  if (threshold == 0.5F) return positive >= rival;
  const double sum = static_cast<double>(positive) + static_cast<double>(rival);
  return static_cast<double>(positive) >= static_cast<double>(threshold) * sum;
}

}  // namespace

Result<Mode> ParseMode(std::string_view name) {
  for (const Mode mode : {Mode::kStrict, Mode::kModerate, Mode::kLenient}) {
    if (name == ModeName(mode)) return mode;
  }
  return Fail(ErrorCode::kInvalidArgument, "unknown mode '" + std::string(name) + "'",
              "the modes are strict, moderate and lenient");
}

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kStrict:
      return "strict";
    case Mode::kModerate:
      return "moderate";
    case Mode::kLenient:
      return "lenient";
  }
  return "moderate";
}

float ModeThresholds::At(Mode mode) const {
  switch (mode) {
    case Mode::kStrict:
      return strict;
    case Mode::kModerate:
      return moderate;
    case Mode::kLenient:
      return lenient;
  }
  return moderate;
}

Decision Decide(std::span<const float> probabilities, const DecideOptions& options) {
  if (probabilities.empty() || AnyNaN(probabilities)) return Undecided(probabilities);
  Decision decision;
  decision.top = Largest(probabilities);
  decision.label = decision.top;
  const int32_t positive = options.positive_label;
  const bool has_positive = positive >= 0 && static_cast<size_t>(positive) < probabilities.size();
  if (has_positive && probabilities.size() > 1) {
    const int32_t rival = Largest(probabilities, positive);
    decision.positive =
        ReachesThreshold(probabilities[static_cast<size_t>(positive)], probabilities[static_cast<size_t>(rival)],
                         probabilities.size(), options.threshold);
    decision.label = decision.positive ? positive : rival;
    decision.threshold = options.threshold;
  } else if (has_positive) {
    decision.positive = true;  // the only label there is
  }
  decision.confidence = probabilities[static_cast<size_t>(decision.label)];
  decision.score =
      has_positive && probabilities.size() == 2 ? probabilities[static_cast<size_t>(positive)] : decision.confidence;
  decision.abstained = decision.confidence < options.abstain_below;
  return decision;
}

Decision DecideMultiLabel(std::span<const float> probabilities, std::span<const float> thresholds,
                          const DecideOptions& options) {
  if (probabilities.empty() || AnyNaN(probabilities)) return Undecided(probabilities);
  Decision decision;
  decision.top = Largest(probabilities);
  const auto threshold_of = [&](size_t label) {
    if (thresholds.size() == 1) return thresholds[0];
    return label < thresholds.size() ? thresholds[label] : options.threshold;
  };
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (!(probabilities[i] >= threshold_of(i))) continue;
    const auto label = static_cast<int32_t>(i);
    decision.labels.push_back(label);
    decision.positive = decision.positive || label == options.positive_label;
    if (decision.label < 0 || probabilities[i] > probabilities[static_cast<size_t>(decision.label)])
      decision.label = label;
  }
  decision.threshold = threshold_of(static_cast<size_t>(decision.label < 0 ? decision.top : decision.label));
  const float highest = probabilities[static_cast<size_t>(decision.top)];
  decision.score = decision.label < 0 ? highest : probabilities[static_cast<size_t>(decision.label)];
  decision.confidence = decision.label < 0 ? 1.0F - highest : decision.score;
  decision.abstained = decision.confidence < options.abstain_below;
  return decision;
}

}  // namespace winnow
