/// Thresholds of a multi-label model, one per label: chosen on held-out texts and shifted by the mode.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decide/decide.h"

namespace winnow {

/// For each label the threshold with the best F1 on these texts (Lipton, Elkan, Narayanaswamy 2014), half-way between
/// two of their scores; of equals the one nearest to .5. .5 for a label of fewer than `least` texts with or without it:
/// too few to choose by. `probabilities` [texts, labels]; `truth` the label ids of each text.
std::vector<float> BestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                    size_t labels, size_t least = 10);

/// A label's threshold in another mode: moved by as much, in log-odds, as the mode's threshold is from the moderate
/// one.
float ThresholdInMode(float moderate, const ModeThresholds& modes, Mode mode);

}  // namespace winnow
