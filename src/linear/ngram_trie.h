/// All n-grams of some texts as a trie: a node is an n-gram, its parent the n-gram without its last symbol. Symbols are
/// words' numbers or code points. So an n-gram is known exactly by its parent's number and one symbol, 64 bits,
/// whatever its length: nothing is hashed that would have to be compared as a string, and a text's n-grams from one
/// place on are one way down, which ends at the first n-gram that is unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"

namespace winnow {

/// Returns well-mixed bits of a number (the multiplication of wyhash, Wang Yi 2019).
inline uint64_t MixBits(uint64_t x) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(x ^ 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// A trie with open addressing and linear probing. Not thread-safe while it grows.
class NgramTrie {
 public:
  static constexpr uint32_t kRoot = 0;

  struct Entry {
    uint64_t key;   // the parent's number, then the symbol
    uint32_t node;  // kRoot: an empty place, since the root is nobody's child
    int32_t value;  // the user's; 0 at first
  };

  NgramTrie() { Clear(); }

  /// Removes all nodes but the root.
  void Clear() {
    table_.Resize(kLeast);
    table_.Zero();
    mask_ = kLeast - 1;
    keys_.assign(1, 0);
  }
  /// Reserves memory for that number of nodes.
  void Reserve(size_t nodes) {
    size_t size = table_.size();
    while (size * 2 < nodes * 3) size *= 2;
    if (size > table_.size()) Rehash(size);
    keys_.reserve(nodes);
  }

  /// Returns the child of `parent` by a symbol; null if there is none.
  const Entry* Find(uint32_t parent, uint32_t symbol) const {
    const uint64_t key = KeyOf(parent, symbol);
    for (size_t i = MixBits(key) & mask_;; i = (i + 1) & mask_) {
      const Entry& entry = table_.data()[i];
      if (entry.node == kRoot) return nullptr;
      if (entry.key == key) return &entry;
    }
  }
  /// Returns the child of `parent` by a symbol, which is added if missing. Valid until the next call. Nodes are
  /// numbered in the order of their addition: parents before children.
  Entry& FindOrAdd(uint32_t parent, uint32_t symbol) {
    const uint64_t key = KeyOf(parent, symbol);
    for (size_t i = MixBits(key) & mask_;; i = (i + 1) & mask_) {
      Entry& entry = table_.data()[i];
      if (entry.node == kRoot) return Add(key, i);
      if (entry.key == key) return entry;
    }
  }

  size_t nodes() const { return keys_.size(); }  ///< number of nodes, including the root
  uint32_t parent(size_t node) const { return static_cast<uint32_t>(keys_[node] >> 32); }
  uint32_t symbol(size_t node) const { return static_cast<uint32_t>(keys_[node]); }

  /// Calls visit(entry) for each node but the root, in no particular order.
  template <class Visit>
  void ForEach(const Visit& visit) const {
    for (const Entry& entry : table_.span()) {
      if (entry.node != kRoot) visit(entry);
    }
  }

 private:
  static constexpr size_t kLeast = 64;
  static uint64_t KeyOf(uint32_t parent, uint32_t symbol) { return uint64_t{parent} << 32 | symbol; }

  Entry& Add(uint64_t key, size_t place) {
    const auto node = static_cast<uint32_t>(keys_.size());
    keys_.push_back(key);
    if (keys_.size() * 3 > table_.size() * 2) {
      Rehash(table_.size() * 2);
      place = FreePlace(key);
    }
    return table_.data()[place] = {key, node, 0};
  }
  size_t FreePlace(uint64_t key) const {
    size_t i = MixBits(key) & mask_;
    while (table_.data()[i].node != kRoot) i = (i + 1) & mask_;
    return i;
  }
  void Rehash(size_t size) {
    AlignedBuffer<Entry> old(size);
    old.Zero();
    std::swap(old, table_);
    mask_ = size - 1;
    for (const Entry& entry : old.span()) {
      if (entry.node != kRoot) table_.data()[FreePlace(entry.key)] = entry;
    }
  }

  AlignedBuffer<Entry> table_;  // a power of two of them, at most two thirds of it in use
  size_t mask_ = 0;
  std::vector<uint64_t> keys_;  // key of each node
};

}  // namespace winnow
