/// Removal of duplicate texts before a split, where they would leak from the training part into a held-out part.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace winnow {

struct DedupeReport {
  size_t before = 0;
  size_t after = 0;
  size_t exact = 0;               ///< dropped because the text is identical to an earlier one with the kept label
  size_t normalised = 0;          ///< dropped because the text has the DuplicateKey and the label of an earlier one
  size_t conflicting_groups = 0;  ///< number of texts that occur with different labels
  /// Dropped because the row's label is in the minority, or because no label has the majority.
  size_t conflicting = 0;
  std::vector<std::string> examples;  ///< the first few conflicts: places and labels

  std::string Text() const;
  Json ToJson() const;
};

/// Keeps the first row of each text, in order. A text with several labels keeps the most frequent one; if two labels
/// are equally frequent, all rows of the text are dropped.
DedupeReport Deduplicate(Dataset& dataset);

/// Drops the rows of `from` whose text is also in `held_out`. Returns the number of dropped rows.
size_t RemoveLeaks(Dataset& from, const Dataset& held_out);

}  // namespace winnow
