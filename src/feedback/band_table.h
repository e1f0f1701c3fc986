/// A table from band hashes to entries that grows without a pause: when it has become too full, each insertion moves
/// some slots of the old array to a new one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace winnow {

/// Open addressing with linear probing; a slot holds a hash, the number of an entry, and the generation of that number.
/// Several entries may have one hash. Slots are not removed: those of entries that have ended are recognized by their
/// generation, and left out when the table is copied to a new array. Readers may run concurrently with each other, but
/// not with Insert.
class BandTable {
 public:
  struct Slot {
    uint32_t entry = 0;      ///< less than 2^28 - 1
    uint8_t generation = 0;  ///< modulo 16
  };
  /// No more entries are inserted for one hash: 16 of them represent the others.
  static constexpr size_t kMostPerHash = 16;

  BandTable() : now_(kSmallest) {}

  /// Inserts a slot, unless kMostPerHash others have the hash. `entries` is the number of entries that have not ended;
  /// `is_current` returns false for a slot whose entry has ended. Takes a bounded time.
  template <typename IsCurrent>
  void Insert(uint32_t hash, Slot slot, size_t entries, const IsCurrent& is_current) {
    if (now_.used * 5 > now_.size() * 3 && moved_ == old_.size()) Grow(entries);
    for (const size_t end = std::min(moved_ + kMovedPerInsert, old_.size()); moved_ < end; ++moved_) {
      const uint64_t moving = old_.slots[moved_];
      if (moving != 0 && is_current(SlotOf(moving))) now_.Put(moving);
    }
    if (moved_ == old_.size() && moved_ > 0) DropOld();
    size_t others = 0;
    ForEach(hash, [&](Slot other) { others += is_current(other) ? 1 : 0; });
    if (others < kMostPerHash)
      now_.Put(uint64_t{hash} << 32 | uint64_t{slot.generation % 16u} << 28 | uint64_t{slot.entry + 1});
  }

  /// Calls `take` with each slot that has the hash; with some of them twice while the table grows.
  template <typename Take>
  void ForEach(uint32_t hash, const Take& take) const {
    now_.ForEach(hash, take);
    if (moved_ < old_.size()) old_.ForEach(hash, take);
  }

  /// Asks the CPU to load the memory that ForEach reads first.
  void Prefetch(uint32_t hash) const { __builtin_prefetch(&now_.slots[now_.Home(hash)]); }

  size_t bytes() const { return (now_.size() + old_.size()) * sizeof(uint64_t); }

 private:
  static constexpr size_t kSmallest = 1024;
  static constexpr size_t kMovedPerInsert = 8;

  static Slot SlotOf(uint64_t stored) {
    return {(static_cast<uint32_t>(stored) & 0xFFFFFFFu) - 1, static_cast<uint8_t>(stored >> 28 & 15)};
  }

  struct Free {
    void operator()(uint64_t* slots) const { std::free(slots); }
  };

  /// 2^n slots; an empty one is 0.
  struct Array {
    Array() = default;
    explicit Array(size_t size);

    size_t size() const { return slots == nullptr ? 0 : mask + 1; }
    size_t Home(uint32_t hash) const { return hash >> shift; }
    void Put(uint64_t stored) {
      size_t i = Home(static_cast<uint32_t>(stored >> 32));
      while (slots[i] != 0) i = (i + 1) & mask;
      slots[i] = stored;
      ++used;
    }
    template <typename Take>
    void ForEach(uint32_t hash, const Take& take) const {
      for (size_t i = Home(hash); slots[i] != 0; i = (i + 1) & mask) {
        if (slots[i] >> 32 == hash) take(SlotOf(slots[i]));
      }
    }

    std::unique_ptr<uint64_t[], Free> slots;
    size_t mask = 0, used = 0;
    int shift = 0;
  };

  void Grow(size_t entries);
  void DropOld();

  Array now_, old_;
  size_t moved_ = 0;  // the slots of old_ before it are in now_
};

}  // namespace winnow
