/// Isotonic regression: the non-decreasing curve that is nearest to 0/1 outcomes (Zadrozny & Elkan 2002).
#pragma once

#include <cstdint>
#include <span>

#include "decide/calibration.h"

namespace winnow {

/// Fewer texts than this do not fix a curve (Niculescu-Mizil & Caruana 2005: below about 1,000 isotonic regression
/// overfits where scaling does not).
inline constexpr int64_t kEnoughForIsotonic = 1000;

/// By pooling adjacent violators; between blocks straight lines, as scikit-learn's IsotonicRegression(out_of_bounds=
/// 'clip'). Its values stay within 1 / (n + 2) and (n + 1) / (n + 2) (Laplace's rule of succession): n texts are no
/// reason to be certain. `scores` are finite and as many as `outcomes`, at least one.
CalibrationCurve FitIsotonic(std::span<const double> scores, std::span<const uint8_t> outcomes);

}  // namespace winnow
