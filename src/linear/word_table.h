/// A table of words and their numbers 0, 1, 2, ... in the order of their addition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "linear/ngram_trie.h"

namespace winnow {

/// A word table with open addressing; words of up to eight bytes are their own key, longer ones are compared. Not
/// thread-safe while it grows.
class WordTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// Number of bytes that must be readable after a word that is looked up or added.
  static constexpr size_t kPadding = 8;

  WordTable() : table_(kLeast), mask_(kLeast - 1) {}

  /// Returns the number of a word; kNone if it is unknown. `word` must not contain NUL.
  uint32_t Find(std::string_view word) const {
    const uint64_t key = KeyOf(word);
    for (size_t i = MixBits(key) & mask_;; i = (i + 1) & mask_) {
      const Entry& entry = table_[i];
      if (entry.number == kNone || Is(entry, key, word)) return entry.number;
    }
  }
  uint32_t FindOrAdd(std::string_view word) {
    const uint64_t key = KeyOf(word);
    for (size_t i = MixBits(key) & mask_;; i = (i + 1) & mask_) {
      const Entry& entry = table_[i];
      if (entry.number == kNone) return Add(word, key, i);
      if (Is(entry, key, word)) return entry.number;
    }
  }

  size_t size() const { return begins_.size() - 1; }
  /// Returns a word; valid until the next FindOrAdd. kPadding bytes are readable after it.
  std::string_view word(uint32_t number) const {
    return std::string_view(bytes_).substr(begins_[number], begins_[number + 1] - begins_[number]);
  }

 private:
  static constexpr size_t kLeast = 64;
  struct Entry {
    uint64_t key = 0;
    uint32_t length = 0;  // the lowest 32 bits of it
    uint32_t number = kNone;
  };

  static uint64_t Load(const char* p) {
    uint64_t bytes;
    std::memcpy(&bytes, p, sizeof bytes);
    return bytes;
  }
  static uint64_t KeyOf(std::string_view word) {
    const char* p = word.data();
    const size_t n = word.size();
    if (n == 0) return 0;
    if (n <= 8) return Load(p) & (~uint64_t{0} >> (64 - 8 * n));
    uint64_t key = n;
    for (size_t i = 0; i + 8 < n; i += 8) key = MixBits(key ^ Load(p + i));
    return MixBits(key ^ Load(p + n - 8));
  }
  bool Is(const Entry& entry, uint64_t key, std::string_view given) const {
    if (entry.key != key || entry.length != static_cast<uint32_t>(given.size())) return false;
    return given.size() <= 8 || word(entry.number) == given;
  }
  uint32_t Add(std::string_view word, uint64_t key, size_t place) {
    const auto number = static_cast<uint32_t>(size());
    bytes_.resize(bytes_.size() - kPadding);
    bytes_.append(word).append(kPadding, '\0');
    begins_.push_back(bytes_.size() - kPadding);
    if (size() * 2 > table_.size()) {
      std::vector<Entry> old(table_.size() * 2);
      old.swap(table_);
      mask_ = table_.size() - 1;
      for (const Entry& entry : old) {
        if (entry.number != kNone) table_[FreePlace(entry.key)] = entry;
      }
      place = FreePlace(key);
    }
    table_[place] = {key, static_cast<uint32_t>(word.size()), number};
    return number;
  }
  size_t FreePlace(uint64_t key) const {
    size_t i = MixBits(key) & mask_;
    while (table_[i].number != kNone) i = (i + 1) & mask_;
    return i;
  }

  std::vector<Entry> table_;  // a power of two of them, at most half of it in use
  size_t mask_;
  std::string bytes_ = std::string(kPadding, '\0');
  std::vector<size_t> begins_ = {0};
};

}  // namespace winnow
