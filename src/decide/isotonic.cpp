#include "decide/isotonic.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace winnow {
namespace {

/// Neighbouring scores that share one value.
struct Block {
  double first, last;  // scores
  double hits, count;

  double Value() const { return hits / count; }
};

}  // namespace

CalibrationCurve FitIsotonic(std::span<const double> scores, std::span<const uint8_t> outcomes) {
  std::vector<std::pair<double, uint8_t>> sorted;
  sorted.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) sorted.emplace_back(scores[i], outcomes[i]);
  std::ranges::sort(sorted);
  std::vector<Block> blocks;
  for (size_t begin = 0; begin < sorted.size();) {
    Block block{sorted[begin].first, sorted[begin].first, 0, 0};
    for (; begin < sorted.size() && sorted[begin].first == block.first; ++begin) {  // equals go together
      block.hits += sorted[begin].second != 0 ? 1 : 0;
      ++block.count;
    }
    while (!blocks.empty() && blocks.back().Value() >= block.Value()) {
      const Block& before = blocks.back();
      block = {before.first, block.last, before.hits + block.hits, before.count + block.count};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  const double least = 1.0 / (static_cast<double>(scores.size()) + 2);
  CalibrationCurve curve;
  for (const Block& block : blocks) {
    const double value = std::clamp(block.Value(), least, 1 - least);
    curve.x.push_back(block.first);
    curve.y.push_back(value);
    if (block.last == block.first) continue;
    curve.x.push_back(block.last);
    curve.y.push_back(value);
  }
  return curve;
}

}  // namespace winnow
