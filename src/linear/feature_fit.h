/// Selection of the n-grams of an analyzer that become features, and counting of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/feature_block.h"

namespace winnow {

/// The feature counts of the texts [begin, end).
struct CountedRows {
  size_t begin = 0, end = 0;
  std::vector<uint32_t> sizes;   // size of each text's row
  std::vector<int32_t> columns;  // ascending within a row
  std::vector<uint32_t> counts;
};

struct FittedBlock {
  StringPool names;                            ///< names, ordered by code points
  std::vector<uint32_t> document_frequencies;  ///< number of texts that contain each feature
  std::vector<CountedRows> parts;              ///< one part per thread
};

/// Selects the features of an analyzer. `max_features`: 0 for all. Errors: kInvalidData for more n-grams than can be
/// numbered.
Result<FittedBlock> FitBlock(std::span<const std::string_view> texts, const BlockOptions& options, bool lowercase,
                             size_t max_features, ThreadPool& pool);

}  // namespace winnow
