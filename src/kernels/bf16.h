/// Rounding of floats to bf16, the upper half of a float.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// Rounds to nearest, ties to even; NaN stays NaN, and values that are too large become infinite.
void RoundToBf16(size_t n, const float* values, uint16_t* halves);

}  // namespace winnow
