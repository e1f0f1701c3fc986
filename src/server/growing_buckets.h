/// The buckets of a hash table, which grow one at a time: linear hashing (Litwin 1980, "Linear Hashing: A New Tool for
/// File and Table Addressing"). No insertion has to wait until a whole table has been rebuilt, and memory is taken in
/// segments of a page, as the table fills.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace winnow {

/// Buckets of linked nodes, which have the members `uint64_t hash` and `Node* next` and are owned by others. Not
/// thread-safe.
template <class Node>
class GrowingBuckets {
 public:
  static constexpr size_t kSegment = 512;  ///< number of buckets that memory is taken for at a time; a power of two

  /// Creates the first segment of at most `most` buckets, a number that is rounded down to a power of two.
  explicit GrowingBuckets(size_t most) : most_(std::bit_floor(std::max<size_t>(most, 1))) {
    size_ = std::min(most_, kSegment);
    mask_ = size_ - 1;
    segments_.reserve(most_ / size_);
    segments_.push_back(std::make_unique<Node*[]>(size_));
  }

  /// Returns the bucket that nodes with this hash are in, by the hash's lowest bits.
  Node*& Of(uint64_t hash) {
    size_t bucket = hash & (2 * mask_ + 1);
    if (bucket >= size_) bucket &= mask_;  // it has not been split yet
    return At(bucket);
  }

  /// Splits buckets until there are `wanted` or the maximum, two at most. Stops early if there is no memory.
  void GrowTowards(size_t wanted) {
    for (int splits = 0; splits < 2 && size_ < std::min(wanted, most_); ++splits) {
      if (!Split()) return;
    }
  }

  size_t size() const { return size_; }
  size_t bytes() const { return BytesOf(segments_.size() * std::min(most_, kSegment), most_); }
  /// Returns the memory of all `most` buckets.
  static size_t MostBytes(size_t most) { return BytesOf(most, most); }

 private:
  static size_t BytesOf(size_t buckets, size_t most) {
    return buckets * sizeof(Node*) + std::max<size_t>(most / kSegment, 1) * sizeof(std::unique_ptr<Node*[]>);
  }

  Node*& At(size_t bucket) { return segments_[bucket / kSegment][bucket % kSegment]; }

  /// Divides the next bucket by one more bit of its nodes' hashes.
  bool Split() {
    const size_t made = size_;
    if (made % kSegment == 0) {
      std::unique_ptr<Node*[]> segment(new (std::nothrow) Node*[kSegment]());
      if (!segment) return false;
      segments_.push_back(std::move(segment));  // within what is reserved
    }
    Node** from = &At(made - (mask_ + 1));
    Node** to = &At(made);
    while (*from != nullptr) {
      if ((((*from)->hash) & (2 * mask_ + 1)) == made) {
        *to = std::exchange(*from, (*from)->next);
        (*to)->next = nullptr;
        to = &(*to)->next;
      } else {
        from = &(*from)->next;
      }
    }
    if (++size_ == 2 * (mask_ + 1)) mask_ = 2 * mask_ + 1;
    return true;
  }

  size_t most_;      // a power of two
  size_t size_ = 0;  // buckets
  size_t mask_ = 0;  // mask_ + 1 is the largest power of two that is not above size_
  std::vector<std::unique_ptr<Node*[]>> segments_;
};

}  // namespace winnow
