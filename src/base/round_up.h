/// Rounding of sizes to whole units, such as cache lines or blocks.
#pragma once

#include <cstddef>

namespace winnow {

/// Returns the smallest multiple of `unit` that is not less than `count`. `unit` must not be 0.
constexpr size_t RoundUp(size_t count, size_t unit) { return (count + unit - 1) / unit * unit; }

}  // namespace winnow
