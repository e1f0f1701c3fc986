/// Thresholds of a multi-label model, one per label: chosen on held-out texts and shifted by the mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decide/decide.h"

namespace winnow {

/// With fewer texts that have a label, or do not have it, its threshold is not chosen.
inline constexpr size_t kFewestTextsOfThreshold = 10;

/// Returns for each label the threshold with the best F1 on these texts (Lipton, Elkan, Narayanaswamy 2014) among those
/// between two of their scores, so that no label is assigned to all of them; of equally good thresholds the one nearest
/// to .5. It is .5 for a label with fewer than `least` texts with or without it, which are too few to choose by.
/// `probabilities` are [texts, labels]; `truth` contains the label ids of each text.
std::vector<float> BestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                    size_t labels, size_t least = kFewestTextsOfThreshold);

/// Returns a label's threshold in another mode: its log-odds are shifted by the difference between the log-odds of the
/// mode's threshold and of the moderate one. More than 0 and less than 1.
float ThresholdInMode(float moderate, const ModeThresholds& modes, Mode mode);

}  // namespace winnow
