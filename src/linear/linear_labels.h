/// The labels that linear classifiers are fitted to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// Returns the number of outputs: one per label, or one for two labels that exclude each other.
constexpr size_t OutputsOf(size_t labels, bool multi_label) { return labels == 2 && !multi_label ? 1 : labels; }

/// The labels of the rows that a classifier is fitted to. Owns no memory.
struct LinearLabels {
  std::span<const std::vector<int32_t>> ids;  ///< label ids of each row: one id, or any number with `multi_label`
  size_t labels = 0;                          ///< number of labels
  bool multi_label = false;                   ///< true if labels do not exclude each other

  /// Returns true for two labels that exclude each other: the only output is that of label 1.
  bool binary() const { return labels == 2 && !multi_label; }
  size_t outputs() const { return OutputsOf(labels, multi_label); }
};

}  // namespace winnow
