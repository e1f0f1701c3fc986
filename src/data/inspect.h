/// Statistics of a data set, for inspection before training.
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

/// Returns the script of most letters of a text: "Latin", "Cyrillic", "Han"...; "none" for a text without letters.
/// Scripts are determined by the blocks of the Unicode standard (Blocks.txt), which is coarse but sufficient to see,
/// for instance, that half of the texts are Russian.
std::string_view DominantScript(std::string_view text);

struct DataInspection {
  size_t texts = 0;
  bool multi_label = false;
  std::vector<std::pair<std::string, size_t>> labels;  ///< labels and their numbers of texts, most frequent first
  size_t unlabelled = 0;                               ///< texts without a label, in a multi-label set
  size_t chars_p50 = 0, chars_p95 = 0, chars_max = 0;  ///< text length in code points, by nearest rank
  DedupeReport duplicates;                             ///< the texts that de-duplication would drop
  std::vector<std::pair<std::string, size_t>>
      scripts;  ///< dominant scripts and their numbers of texts, most frequent first

  std::string Text() const;
  Json ToJson() const;
};

DataInspection Inspect(const Dataset& dataset);

}  // namespace winnow
