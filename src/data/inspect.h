/// What a data set looks like, before anything is trained on it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "data/deduplicate.h"

namespace winnow {

/// The script that most letters of a text have: "Latin", "Cyrillic", "Han"...; "none" for a text without letters. By
/// the blocks of the Unicode standard (Blocks.txt): coarse, and enough to see that half of the texts are Russian.
std::string_view DominantScript(std::string_view text);

struct DataInspection {
  size_t texts = 0;
  bool multi_label = false;
  std::vector<std::pair<std::string, size_t>> labels;   ///< with their texts; the most frequent first
  size_t unlabelled = 0;                                ///< of a multi-label set: texts with no label
  size_t chars_p50 = 0, chars_p95 = 0, chars_max = 0;   ///< code points; the nearest rank
  DedupeReport duplicates;                              ///< what de-duplication would drop
  std::vector<std::pair<std::string, size_t>> scripts;  ///< dominant ones, with their texts; the most frequent first

  std::string Text() const;
  Json ToJson() const;
};

DataInspection Inspect(const Dataset& dataset);

}  // namespace winnow
