#include "server/prediction_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "base/mutex.h"
#include "server/frequency_sketch.h"
#include "server/growing_buckets.h"

namespace winnow {
namespace {

// An entry of a short message with two labels has about 180 bytes; tables are sized for somewhat longer ones.
constexpr size_t kExpectedEntryBytes = 256;
constexpr size_t kFirstKeys = 512;  // of the sketch of a shard
constexpr size_t kLeastShardBytes = size_t{64} << 10;

/// A place in a list by age.
struct Link {
  Link* newer = this;
  Link* older = this;
};

enum Part { kWindow, kProbation, kProtected, kParts };

/// Followed in its memory by the values, then the ids.
struct Entry : Link {
  uint64_t hash;
  uint64_t model;
  Entry* next;  // of its bucket, or of the entries to be freed
  uint32_t value_count;
  uint32_t id_count;
  Part part;

  float* values() { return reinterpret_cast<float*>(this + 1); }
  int32_t* ids() { return reinterpret_cast<int32_t*>(values() + value_count); }

  static size_t Size(size_t ids, size_t values) {
    return sizeof(Entry) + values * sizeof(float) + ids * sizeof(int32_t);
  }
  /// Returns the memory of an entry: with glibc's header, in steps of 16.
  size_t bytes() const { return (Size(id_count, value_count) + 8 + 15) / 16 * 16; }

  static Entry* Make(uint64_t hash, uint64_t model, std::span<const int32_t> ids, std::span<const float> values) {
    auto* entry = new (::operator new(Size(ids.size(), values.size()))) Entry;
    entry->hash = hash;
    entry->model = model;
    entry->next = nullptr;
    entry->value_count = static_cast<uint32_t>(values.size());
    entry->id_count = static_cast<uint32_t>(ids.size());
    entry->part = kWindow;
    std::ranges::copy(values, entry->values());
    std::ranges::copy(ids, entry->ids());
    return entry;
  }
};
static_assert(alignof(Entry) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ && sizeof(Entry) % alignof(float) == 0);

void Free(Entry* entries) {
  while (entries != nullptr) ::operator delete(std::exchange(entries, entries->next));
}

/// Entries by age, and their bytes.
struct List {
  Link ends;  // ends.older is the newest, ends.newer the oldest
  size_t bytes = 0;

  Entry* oldest() { return ends.newer == &ends ? nullptr : static_cast<Entry*>(ends.newer); }
  void PushNewest(Entry* entry) {
    entry->newer = &ends;
    entry->older = ends.older;
    ends.older->newer = entry;
    ends.older = entry;
    bytes += entry->bytes();
  }
  void Remove(Entry* entry) {
    entry->newer->older = entry->older;
    entry->older->newer = entry->newer;
    bytes -= entry->bytes();
  }
};

}  // namespace

struct alignas(64) PredictionCache::Shard {
  Mutex mutex;
  // The tables grow with the number of entries, up to two buckets and one key of the sketch for each expected entry.
  GrowingBuckets<Entry> buckets GUARDED_BY(mutex){1};
  FrequencySketch sketch GUARDED_BY(mutex){0};
  // Set up once.
  size_t expected = 0;                                           // entries, a power of two
  size_t window_bytes = 0, protected_bytes = 0, main_bytes = 0;  // the most of each; main: probation and protected
  List lists[kParts] GUARDED_BY(mutex);
  PredictionCacheCounts counts GUARDED_BY(mutex);  // but for bytes
  Entry* dropped GUARDED_BY(mutex) = nullptr;      // to be freed, once nobody waits for it

  /// False where the bytes don't even do for the tables.
  bool SetUp(size_t bytes) {
    const MutexLock lock(mutex);
    expected = std::bit_floor(std::max<size_t>(bytes / kExpectedEntryBytes, 8));
    const size_t most_table_bytes =
        sizeof(Shard) + FrequencySketch::BytesOf(expected) + GrowingBuckets<Entry>::MostBytes(2 * expected);
    if (bytes < most_table_bytes + Entry::Size(1, 1)) return false;
    sketch = FrequencySketch(std::min(expected, kFirstKeys));
    buckets = GrowingBuckets<Entry>(2 * expected);
    const size_t left = bytes - most_table_bytes;
    window_bytes = left / 100;
    main_bytes = left - window_bytes;
    protected_bytes = main_bytes / 5 * 4;
    return true;
  }

  size_t table_bytes() REQUIRES(mutex) { return sizeof(Shard) + sketch.bytes() + buckets.bytes(); }

  Entry* Lookup(uint64_t hash, uint64_t model, std::span<const int32_t> ids) REQUIRES(mutex) {
    for (Entry* entry = buckets.Of(hash); entry != nullptr; entry = entry->next) {
      if (entry->hash == hash && entry->model == model && entry->id_count == ids.size() &&
          (ids.empty() || std::memcmp(entry->ids(), ids.data(), ids.size_bytes()) == 0)) {
        return entry;
      }
    }
    return nullptr;
  }

  void Move(Entry* entry, Part to) REQUIRES(mutex) {
    lists[entry->part].Remove(entry);
    entry->part = to;
    lists[to].PushNewest(entry);
  }

  void Touch(Entry* entry) REQUIRES(mutex) {
    Move(entry, entry->part == kWindow ? kWindow : kProtected);
    while (lists[kProtected].bytes > protected_bytes) Move(lists[kProtected].oldest(), kProbation);
  }

  void Drop(Entry* entry) REQUIRES(mutex) {
    Entry** link = &buckets.Of(entry->hash);
    while (*link != entry) link = &(*link)->next;
    *link = entry->next;
    lists[entry->part].Remove(entry);
    --counts.entries;
    entry->next = dropped;
    dropped = entry;
  }

  void Add(Entry* entry) REQUIRES(mutex) {
    buckets.GrowTowards(2 * (counts.entries + 1));
    if (counts.entries >= sketch.keys() && sketch.keys() < expected) sketch.Double();
    Entry*& bucket = buckets.Of(entry->hash);
    entry->next = bucket;
    bucket = entry;
    lists[kWindow].PushNewest(entry);
    ++counts.entries;
    ++counts.inserted;
    while (lists[kWindow].bytes > window_bytes) {
      Entry* candidate = lists[kWindow].oldest();
      if (MakeRoom(candidate)) {
        Move(candidate, kProbation);
      } else {
        Drop(candidate);
        ++counts.refused;
      }
    }
  }

  /// The oldest of the main part, probation first: the one after `entry`, or the first.
  Entry* NextVictim(Entry* entry) REQUIRES(mutex) {
    if (entry == nullptr) {
      Entry* first = lists[kProbation].oldest();
      return first != nullptr ? first : lists[kProtected].oldest();
    }
    if (entry->newer != &lists[entry->part].ends) return static_cast<Entry*>(entry->newer);
    return entry->part == kProbation ? lists[kProtected].oldest() : nullptr;
  }

  /// Evicts what is in the way of `candidate`, if that is worth more than all of it.
  bool MakeRoom(const Entry* candidate) REQUIRES(mutex) {
    const size_t needed = lists[kProbation].bytes + lists[kProtected].bytes + candidate->bytes();
    if (needed <= main_bytes) return true;
    const int worth = sketch.Estimate(candidate->hash);
    size_t freed = 0;
    int lost = 0;
    Entry* victim = nullptr;
    while (freed < needed - main_bytes) {
      victim = NextVictim(victim);
      if (victim == nullptr) return false;  // larger than all
      lost += sketch.Estimate(victim->hash);
      if (lost >= worth) return false;
      freed += victim->bytes();
    }
    for (size_t evicted = 0; evicted < freed; ++counts.evicted) {
      Entry* oldest = NextVictim(nullptr);
      evicted += oldest->bytes();
      Drop(oldest);
    }
    return true;
  }
};

PredictionCache::PredictionCache(size_t max_bytes, int shards) {
  const size_t most = std::max<size_t>(max_bytes / kLeastShardBytes, 1);
  const size_t count = std::bit_floor(std::min(most, static_cast<size_t>(std::clamp(shards, 1, 1024))));
  if (max_bytes <= sizeof(Shard)) return;
  shards_ = std::make_unique<Shard[]>(count);
  for (size_t i = 0; i < count; ++i) {
    if (!shards_[i].SetUp(max_bytes / count)) {
      shards_.reset();
      return;
    }
  }
  shard_count_ = count;
}

PredictionCache::~PredictionCache() { Clear(); }

uint64_t PredictionCache::Hash(uint64_t model, std::span<const int32_t> ids) const {
  SipHasher hasher(key_);
  hasher.Word(model);
  return hasher.Finish(std::as_bytes(ids));
}

PredictionCache::Shard& PredictionCache::ShardOf(uint64_t hash) const {
  return shards_[hash >> 48 & (shard_count_ - 1)];
}

bool PredictionCache::Find(uint64_t model, std::span<const int32_t> ids, std::span<float> values) {
  if (!enabled()) return false;
  const uint64_t hash = Hash(model, ids);
  Shard& shard = ShardOf(hash);
  const MutexLock lock(shard.mutex);
  // Large caches lie in main memory: the bucket is on its way while the sketch is.
  __builtin_prefetch(static_cast<const void*>(&shard.buckets.Of(hash)));
  shard.sketch.Add(hash);
  Entry* entry = shard.Lookup(hash, model, ids);
  if (entry == nullptr || entry->value_count != values.size()) {
    ++shard.counts.misses;
    return false;
  }
  std::copy_n(entry->values(), values.size(), values.data());
  shard.Touch(entry);
  ++shard.counts.hits;
  return true;
}

void PredictionCache::Insert(uint64_t model, std::span<const int32_t> ids, std::span<const float> values) {
  if (!enabled()) return;
  const uint64_t hash = Hash(model, ids);
  Shard& shard = ShardOf(hash);
  // Memory is asked for and given back while nobody waits.
  const bool fits = ids.size() < shard.main_bytes / sizeof(int32_t) &&
                    values.size() < shard.main_bytes / sizeof(float) && ids.size() < size_t{1} << 29 &&
                    values.size() < size_t{1} << 31;
  Entry* made = fits ? Entry::Make(hash, model, ids, values) : nullptr;
  Entry* dropped = nullptr;
  {
    const MutexLock lock(shard.mutex);
    Entry* old = shard.Lookup(hash, model, ids);
    if (old != nullptr && old->value_count == values.size()) {
      std::ranges::copy(values, old->values());
    } else {
      if (old != nullptr) shard.Drop(old), ++shard.counts.evicted;
      if (made != nullptr) shard.Add(std::exchange(made, nullptr));
    }
    dropped = std::exchange(shard.dropped, nullptr);
  }
  Free(dropped);
  Free(made);
}

void PredictionCache::Clear() {
  for (size_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    Entry* dropped = nullptr;
    {
      const MutexLock lock(shard.mutex);
      for (List& list : shard.lists) {
        while (Entry* entry = list.oldest()) shard.Drop(entry), ++shard.counts.evicted;
      }
      dropped = std::exchange(shard.dropped, nullptr);
    }
    Free(dropped);
  }
}

PredictionCacheCounts PredictionCache::counts() const {
  PredictionCacheCounts sum;
  for (size_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const MutexLock lock(shard.mutex);
    sum.hits += shard.counts.hits;
    sum.misses += shard.counts.misses;
    sum.inserted += shard.counts.inserted;
    sum.refused += shard.counts.refused;
    sum.evicted += shard.counts.evicted;
    sum.entries += shard.counts.entries;
    sum.bytes += shard.table_bytes();
    for (const List& list : shard.lists) sum.bytes += list.bytes;
  }
  return sum;
}

}  // namespace winnow
