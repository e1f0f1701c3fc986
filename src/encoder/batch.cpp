#include "encoder/batch.h"

#include <algorithm>

namespace winnow {

size_t LongestOf(const PackedTexts& texts) {
  size_t longest = 0;
  for (size_t t = 0; t < texts.texts(); ++t) longest = std::max(longest, texts.length(t));
  return longest;
}

std::vector<size_t> CutByTokens(const PackedTexts& texts, int parts) {
  std::vector<size_t> cuts = {0};
  for (int part = 1; part < parts; ++part) {
    const size_t goal = texts.tokens() * static_cast<size_t>(part) / static_cast<size_t>(parts);
    // The text boundary next to the goal, on either side.
    size_t text = cuts.back();
    while (text < texts.texts() && texts.begin(text) + texts.length(text) / 2 < goal) ++text;
    cuts.push_back(text);
  }
  cuts.push_back(texts.texts());
  return cuts;
}

}  // namespace winnow
