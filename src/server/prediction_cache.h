/// Cache of predictions in memory: from a model and a text's token ids to the numbers that the model computed.
///
/// The admission policy is W-TinyLFU (Einziger, Friedman, Manes 2017): a new entry enters a small window (1 % of the
/// bytes, least recently used first out). An entry that leaves the window enters the main part only if it has been
/// requested more often lately, by a sketch of all requests, than all entries together that would have to be evicted
/// for it (entries differ in size: Einziger, Eytan, Friedman, Manes 2022). So a stream of texts seen once does not
/// evict texts seen often. The main part is a segmented LRU (Karedla, Love, Wherry 1994): on probation until requested
/// again, then protected.
///
/// Nothing is removed when a model is unloaded: its entries are no longer requested and age out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/sip_hash.h"

namespace winnow {

/// Counters of a cache. All but the last two only grow.
struct PredictionCacheCounts {
  uint64_t hits = 0, misses = 0;
  uint64_t inserted = 0;  ///< number of entries that were inserted
  /// Number of inserted entries that were dropped because they were requested too rarely or were too large.
  uint64_t refused = 0;
  uint64_t evicted = 0;  ///< number of inserted entries that were removed to make room for others
  size_t entries = 0;
  size_t bytes = 0;  ///< memory in use, including tables, bookkeeping and the overhead of the memory manager
};

/// A cache. Thread-safe: it has shards with a lock each. Texts cannot be chosen to collide, since the hash has a random
/// seed in each cache.
class PredictionCache {
 public:
  /// Creates a cache of at most `max_bytes` (an Insert may exceed them temporarily by its entry); with 0, or too few
  /// bytes for the tables, nothing is stored. Memory is taken as entries are stored. Small caches have fewer shards.
  explicit PredictionCache(size_t max_bytes, int shards = 16);
  PredictionCache(const PredictionCache&) = delete;
  PredictionCache& operator=(const PredictionCache&) = delete;
  ~PredictionCache();

  /// Writes the stored numbers to `values` and returns true, or returns false without changing `values`: for other ids,
  /// another model, or another number of values. Compares the ids themselves. Allocates nothing. `model` distinguishes
  /// models whose predictions differ: versions, weights, options that affect the numbers.
  bool Find(uint64_t model, std::span<const int32_t> ids, std::span<float> values);

  /// Stores the numbers, or drops them (see above); replaces an existing entry. To be called for keys that Find has
  /// missed, since an entry that was never requested is not kept.
  void Insert(uint64_t model, std::span<const int32_t> ids, std::span<const float> values);

  void Clear();

  bool enabled() const { return shard_count_ > 0; }
  PredictionCacheCounts counts() const;

 private:
  struct Shard;
  uint64_t Hash(uint64_t model, std::span<const int32_t> ids) const;
  Shard& ShardOf(uint64_t hash) const;

  const SipKey key_ = SipKey::Random();
  size_t shard_count_ = 0;  // a power of two, or 0
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace winnow
