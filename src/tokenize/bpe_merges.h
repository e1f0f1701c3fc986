/// The merges of a byte-pair encoding (Sennrich et al. 2016), and the one algorithm that applies them to a word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace winnow {

/// The merges of a model, by the ids of the pair. Thread-safe when const.
class BpeMerges {
 public:
  struct Merge {
    uint64_t pair = kNoPair;
    uint32_t rank = UINT32_MAX;
    int32_t id = -1;  ///< id of the merged piece; -1: the pair does not merge
  };

  /// Creates a table without merges, with room for `most` of them.
  explicit BpeMerges(size_t most = 0);

  /// Adds a merge; the last of several for one pair counts. Ids must not be negative.
  void Add(int32_t left, int32_t right, uint32_t rank, int32_t id);
  /// Returns the merge of two ids, of which -1 merges with nothing.
  const Merge& Find(int32_t left, int32_t right) const;
  /// Returns the pairs of ids that merge, in the order of ranks.
  std::vector<std::pair<int32_t, int32_t>> ByRank() const;

 private:
  static constexpr uint64_t kNoPair = UINT64_MAX;

  static uint64_t PairOf(int32_t left, int32_t right);
  size_t PlaceOf(uint64_t pair) const;

  std::vector<Merge> slots_;  // open-addressed by pair; a power of two
};

/// The symbols of a word, which are merged in the order of ranks, the leftmost of equal ones first, until none is left.
/// Allocates memory only for words of more than 64 symbols. Not thread-safe; for any number of words, one after
/// another.
class BpeWord {
 public:
  struct Symbol {
    int32_t id;
    uint32_t begin, end;  ///< range in the word, in units of the caller
    uint32_t previous, next;
  };

  void Clear() { size_ = 0; }
  size_t size() const { return size_; }
  /// Appends a symbol.
  void Add(int32_t id, uint32_t begin, uint32_t end);
  /// Merges the symbols, in n log n of their number.
  void Merge(const BpeMerges& merges);

  /// Calls take(symbol) for each symbol that is left, in their order.
  template <class Function>
  void ForEach(const Function& take) const {
    for (uint32_t i = 0; i < size_; i = symbols()[i].next) take(symbols()[i]);
  }

 private:
  static constexpr size_t kShort = 64;

  Symbol* symbols() { return size_ <= kShort ? short_.data() : long_.data(); }
  const Symbol* symbols() const { return size_ <= kShort ? short_.data() : long_.data(); }
  void Join(uint32_t left, int32_t id);
  void MergeShort(const BpeMerges& merges);
  void MergeLong(const BpeMerges& merges);

  size_t size_ = 0;
  std::array<Symbol, kShort> short_;
  std::vector<Symbol> long_;  // all symbols of a longer word
};

}  // namespace winnow
