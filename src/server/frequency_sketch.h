/// Estimated frequencies of recent keys, in a few bits per key: TinyLFU's sketch (Einziger, Friedman, Manes 2017,
/// "TinyLFU: A Highly Efficient Cache Admission Policy"). It is a count-min sketch (Cormode, Muthukrishnan 2005) of
/// four rows of 4-bit counters, in which only the smallest of a key's four counters grow. All counters are halved after
/// ten additions per key, so that keys that are no longer popular are forgotten. The four counters of a key are in one
/// cache line.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace winnow {

/// A sketch. Not thread-safe.
class FrequencySketch {
 public:
  static constexpr int kMost = 15;  ///< maximum value of a counter

  /// Creates a sketch for about that many keys, rounded down to a power of two, at least 8. Takes 8 bytes per key.
  explicit FrequencySketch(size_t keys)
      : blocks_(std::bit_floor(std::max<size_t>(keys, 8)) / 8), additions_a_period_(size_t{10} * 8 * blocks_.size()) {}

  /// Counts a key. `hash` must be well mixed in all of its bits.
  void Add(uint64_t hash) {
    const Place place = Find(hash);
    const int least = Least(place);
    if (least == kMost) return;
    for (size_t row = 0; row < 4; ++row) {
      uint64_t& word = blocks_[place.block][place.word[row]];
      if (static_cast<int>(word >> place.shift[row] & 15) == least) word += uint64_t{1} << place.shift[row];
    }
    if (++additions_ >= additions_a_period_) Age();
  }

  int Estimate(uint64_t hash) const { return Least(Find(hash)); }

  /// Doubles the number of keys. Each key keeps its counters, of which both halves get a copy. Returns false, without a
  /// change, if there is no memory.
  bool Double() {
    try {
      std::vector<Block> doubled;
      doubled.reserve(2 * blocks_.size());
      doubled.insert(doubled.end(), blocks_.begin(), blocks_.end());
      doubled.insert(doubled.end(), blocks_.begin(), blocks_.end());
      blocks_ = std::move(doubled);
    } catch (const std::bad_alloc&) {
      return false;
    }
    additions_a_period_ *= 2;
    return true;
  }

  size_t keys() const { return 8 * blocks_.size(); }
  size_t bytes() const { return BytesOf(keys()); }
  static size_t BytesOf(size_t keys) { return keys / 8 * sizeof(Block); }

 private:
  using Block = std::array<uint64_t, 8>;  // a row is two words of 16 counters
  struct Place {
    size_t block;
    std::array<uint8_t, 4> word, shift;
  };

  Place Find(uint64_t hash) const {
    // Its own mix: the bits that chose a shard or a bucket are the same for all keys there.
    const uint64_t mixed = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15ull;
    Place place;
    place.block = (mixed >> 40) & (blocks_.size() - 1);
    for (size_t row = 0; row < 4; ++row) {
      const auto bits = static_cast<uint8_t>(mixed >> (18 + 5 * row) & 31);
      place.word[row] = static_cast<uint8_t>(2 * row + (bits >> 4));
      place.shift[row] = static_cast<uint8_t>(4 * (bits & 15));
    }
    return place;
  }

  int Least(const Place& place) const {
    int least = kMost;
    for (size_t row = 0; row < 4; ++row) {
      least = std::min(least, static_cast<int>(blocks_[place.block][place.word[row]] >> place.shift[row] & 15));
    }
    return least;
  }

  void Age() {
    for (Block& block : blocks_) {
      for (uint64_t& word : block) word = word >> 1 & 0x7777777777777777ull;
    }
    additions_ /= 2;
  }

  std::vector<Block> blocks_;
  size_t additions_ = 0;
  size_t additions_a_period_;
};

}  // namespace winnow
