/// Answers that were computed before, in memory: from a model and a text's token ids to the numbers that it gave.
///
/// What stays is decided as in W-TinyLFU (Einziger, Friedman, Manes 2017): a new answer enters a small window (1 % of
/// the bytes, least recently used first out). What leaves the window enters the main part only if it has been asked for
/// more often lately, by a sketch of all questions, than all those together that would have to go for it (they differ
/// in size: Einziger, Eytan, Friedman, Manes 2022). So a stream of texts seen once doesn't push out texts seen often.
/// The main part is a segmented LRU (Karedla, Love, Wherry 1994): on probation until asked for again, then protected.
///
/// Nothing is removed when a model goes: its entries are no longer asked for and age out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/sip_hash.h"

namespace winnow {

/// All but the last two only grow.
struct AnswerCacheCounts {
  uint64_t hits = 0, misses = 0;
  uint64_t inserted = 0;  ///< entries that were made
  uint64_t refused = 0;   ///< of these: asked for too rarely to stay, or too large
  uint64_t evicted = 0;   ///< of these: made room for others
  size_t entries = 0;
  size_t bytes = 0;  ///< tables, bookkeeping and the memory manager's share included
};

/// Thread-safe: shards with a lock each. Hostile texts can't be made to fall into one bucket: the hash is seeded anew
/// in each cache.
class AnswerCache {
 public:
  /// At most `max_bytes` are held (while an Insert runs, its entry more); 0, or too few for the tables: nothing is
  /// kept. Small caches get fewer shards.
  explicit AnswerCache(size_t max_bytes, int shards = 16);
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;
  ~AnswerCache();

  /// Writes the numbers to `values`, all of it, or returns false and leaves it alone: for other ids, another model, and
  /// where another count of numbers was kept. Compares the ids themselves. Allocates nothing. `model` tells apart
  /// models that answer differently: versions, weights, options that are part of the numbers.
  bool Find(uint64_t model, std::span<const int32_t> ids, std::span<float> values);

  /// Keeps the numbers, or not (see above); replaces those that were there. For keys that Find has missed: an answer
  /// that nobody has asked for has no claim to stay.
  void Insert(uint64_t model, std::span<const int32_t> ids, std::span<const float> values);

  void Clear();

  bool enabled() const { return shard_count_ > 0; }
  AnswerCacheCounts counts() const;

 private:
  struct Shard;
  uint64_t Hash(uint64_t model, std::span<const int32_t> ids) const;
  Shard& ShardOf(uint64_t hash) const;

  const SipKey key_ = SipKey::Random();
  size_t shard_count_ = 0;  // a power of two, or 0
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace winnow
