/// bf16, the upper half of a float: rounding to it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// To the nearest, ties to even; NaN stays NaN, and what is too large becomes infinite.
void RoundToBf16(size_t n, const float* values, uint16_t* halves);

}  // namespace winnow
