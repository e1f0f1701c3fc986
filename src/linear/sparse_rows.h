/// Matrices of which most entries are zero, such as the features of texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// Compressed sparse rows. Row r has the entries begins[r] ... begins[r + 1] - 1, with ascending columns.
struct SparseRows {
  std::vector<size_t> begins = {0};
  std::vector<int32_t> columns;
  std::vector<float> values;
  size_t num_columns = 0;

  size_t rows() const { return begins.size() - 1; }
  size_t size(size_t row) const { return begins[row + 1] - begins[row]; }
  std::span<const int32_t> columns_of(size_t row) const { return {columns.data() + begins[row], size(row)}; }
  std::span<const float> values_of(size_t row) const { return {values.data() + begins[row], size(row)}; }
};

}  // namespace winnow
