/// Removal of duplicate texts before a split, where they would leak from the training part into a held-out part.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace winnow {

/// Returns the key that is equal for duplicate texts: FoldCase (case, width, composition, invisible characters), and
/// white space run together. Digits, punctuation and words stay.
std::string DuplicateKey(std::string_view text);

struct DedupeReport {
  size_t before = 0;
  size_t after = 0;
  size_t exact = 0;               ///< dropped because the text is identical to an earlier one with the kept label
  size_t normalised = 0;          ///< dropped: the same by DuplicateKey, with the label that was kept
  size_t conflicting_groups = 0;  ///< texts that came with different labels
  size_t conflicting = 0;         ///< dropped: rows of a minority label, and all rows where no label has the majority
  std::vector<std::string> examples;  ///< the first few conflicts: places and labels

  std::string Text() const;
  Json ToJson() const;
};

/// Keeps the first row of each text, in order. A text with several labels keeps the one that most of its rows have;
/// where two have equally many, all its rows are dropped.
DedupeReport Deduplicate(Dataset& dataset);

/// Drops rows of `from` whose text is also in `held_out`. Returns how many.
size_t RemoveLeaks(Dataset& from, const Dataset& held_out);

}  // namespace winnow
