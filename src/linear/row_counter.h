/// Counts the features of one text.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// A counter whose cost depends on the number of added features, not on the number of columns. Allocates nothing once
/// it has grown.
class RowCounter {
 public:
  void Resize(size_t columns) {
    Clear();
    if (columns > counts_.size()) {
      counts_.resize(columns);
      columns_.resize(columns + 1);
      words_.resize(columns / 64 + 1);
      tops_.resize(columns / 4096 + 1);
    }
  }
  void Add(int32_t column) {
    columns_[size_] = column;  // taken back below unless it is new; there is one place more than columns
    size_ += counts_[static_cast<size_t>(column)]++ == 0 ? 1 : 0;
  }
  size_t size() const { return size_; }
  /// Returns the columns in the order of their first addition.
  std::span<const int32_t> columns() const { return {columns_.data(), size_}; }
  uint32_t count(int32_t column) const { return counts_[static_cast<size_t>(column)]; }

  /// Sorts the columns in ascending order: they are marked in a bit set, and its words that have marks in a smaller
  /// one.
  void Sort() {
    for (size_t i = 0; i < size_; ++i) {
      const auto column = static_cast<size_t>(columns_[i]);
      words_[column / 64] |= uint64_t{1} << column % 64;
      tops_[column / 4096] |= uint64_t{1} << column / 64 % 64;
    }
    size_t n = 0;
    for (size_t top = 0; n < size_; ++top) {
      for (uint64_t words = tops_[top]; words != 0; words &= words - 1) {
        const size_t word = top * 64 + static_cast<size_t>(std::countr_zero(words));
        for (uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
          columns_[n++] = static_cast<int32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
        }
        words_[word] = 0;
      }
      tops_[top] = 0;
    }
  }
  void Clear() {
    for (size_t i = 0; i < size_; ++i) counts_[static_cast<size_t>(columns_[i])] = 0;
    size_ = 0;
  }

 private:
  std::vector<uint32_t> counts_;
  std::vector<int32_t> columns_;
  size_t size_ = 0;
  std::vector<uint64_t> words_, tops_;
};

}  // namespace winnow
