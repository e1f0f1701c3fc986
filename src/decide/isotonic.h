/// Isotonic regression: the non-decreasing curve that is nearest to 0/1 outcomes (Zadrozny & Elkan 2002).
#pragma once

#include <cstdint>
#include <span>

#include "decide/calibration.h"

namespace winnow {

/// Minimum number of texts for a curve (Niculescu-Mizil & Caruana 2005: below about 1,000 texts isotonic regression
/// overfits more than scaling does).
inline constexpr int64_t kEnoughForIsotonic = 1000;

/// Fits a curve by pooling adjacent violators, with straight lines between blocks, as scikit-learn's
/// IsotonicRegression(out_of_bounds='clip') does. Its values stay within 1 / (n + 2) and (n + 1) / (n + 2) (Laplace's
/// rule of succession), since n texts do not justify certainty. `scores` are finite; there is one per element of
/// `outcomes`, and at least one.
CalibrationCurve FitIsotonic(std::span<const double> scores, std::span<const uint8_t> outcomes);

}  // namespace winnow
