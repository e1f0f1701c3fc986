/// What becomes of the matches where a pre-tokenizer divides a text.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/pattern.h"

namespace winnow {

/// Hugging Face's SplitDelimiterBehavior.
enum class SplitBehavior : uint8_t { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// Divides the range [begin, end) at `matches`, which lie within it from left to right, and appends the pieces that are
/// not empty. With `invert` what lies between the matches counts as matches, and the matches do not.
void SplitAt(PatternMatch range, std::span<const PatternMatch> matches, SplitBehavior behavior, bool invert,
             std::vector<PatternMatch>& pieces);

}  // namespace winnow
