#include "server/prediction_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <list>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "server/frequency_sketch.h"

namespace winnow {
namespace {

using Ids = std::vector<int32_t>;

/// Text number `key`, of 10 to 40 tokens.
Ids Text(uint32_t key) {
  Random random(key, "text");
  Ids ids(10 + random.Below(31));
  for (int32_t& id : ids) id = static_cast<int32_t>(random.Below(30000));
  ids[0] = static_cast<int32_t>(key);
  return ids;
}

/// What the model answers to it.
std::vector<float> Answer(uint64_t model, const Ids& ids) {
  return {static_cast<float>(ids[0]) + 0.5f, static_cast<float>(model)};
}

/// Finds, or inserts what was missed. True for a hit. A wrong answer fails the test.
bool Ask(PredictionCache& cache, uint64_t model, const Ids& ids) {
  const std::vector<float> right = Answer(model, ids);
  std::vector<float> found(2);
  if (cache.Find(model, ids, found)) {
    EXPECT_EQ(found, right);
    return true;
  }
  cache.Insert(model, ids, right);
  return false;
}

/// Keys of which the k-th is asked for in proportion to 1 / k^exponent.
class Zipf {
 public:
  Zipf(uint32_t keys, double exponent) {
    for (uint32_t key = 1; key <= keys; ++key) {
      sums_.push_back((sums_.empty() ? 0 : sums_.back()) + std::pow(key, -exponent));
    }
  }
  uint32_t Draw(Random& random) const {
    const auto at = std::ranges::lower_bound(sums_, random.Uniform() * sums_.back());
    return static_cast<uint32_t>(at - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

/// The plain cache that ours is to beat: the least recently used of `capacity` entries goes.
class PlainLru {
 public:
  explicit PlainLru(size_t capacity) : capacity_(capacity) {}
  bool Ask(uint32_t key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return true;
    }
    order_.push_front(key);
    entries_[key] = order_.begin();
    if (order_.size() > capacity_) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
    return false;
  }

 private:
  size_t capacity_;
  std::list<uint32_t> order_;
  std::unordered_map<uint32_t, std::list<uint32_t>::iterator> entries_;
};

TEST(PredictionCache, GivesWhatWasInserted) {
  PredictionCache cache(1 << 20);
  const Ids ids = {101, 7, 9, 102};
  std::vector<float> values = {1, 2, 3};
  EXPECT_FALSE(cache.Find(1, ids, values));
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3}));
  cache.Insert(1, ids, std::vector<float>{0.25f, 0.5f, 0.75f});
  EXPECT_TRUE(cache.Find(1, ids, values));
  EXPECT_EQ(values, (std::vector<float>{0.25f, 0.5f, 0.75f}));

  EXPECT_FALSE(cache.Find(2, ids, values)) << "another model";
  EXPECT_FALSE(cache.Find(1, Ids{101, 7, 9}, values)) << "a shorter text";
  EXPECT_FALSE(cache.Find(1, Ids{101, 7, 10, 102}, values)) << "another text";
  EXPECT_FALSE(cache.Find(1, Ids{}, values));
  std::vector<float> two(2);
  EXPECT_FALSE(cache.Find(1, ids, two)) << "another number of values";

  const PredictionCacheCounts counts = cache.counts();
  EXPECT_EQ(counts.hits, 1u);
  EXPECT_EQ(counts.misses, 6u);
  EXPECT_EQ(counts.entries, 1u);
}

TEST(PredictionCache, ReplacesAPrediction) {
  PredictionCache cache(1 << 20);
  const Ids ids = {1, 2};
  std::vector<float> two(2), three(3);
  cache.Insert(1, ids, std::vector<float>{1, 2});
  cache.Insert(1, ids, std::vector<float>{3, 4});
  EXPECT_TRUE(cache.Find(1, ids, two));
  EXPECT_EQ(two, (std::vector<float>{3, 4}));
  cache.Insert(1, ids, std::vector<float>{5, 6, 7});
  EXPECT_FALSE(cache.Find(1, ids, two));
  EXPECT_TRUE(cache.Find(1, ids, three));
  EXPECT_EQ(three, (std::vector<float>{5, 6, 7}));
  EXPECT_EQ(cache.counts().entries, 1u);
}

TEST(PredictionCache, StoresEmptyTextsAndEmptyValues) {
  PredictionCache cache(1 << 20);
  std::vector<float> one(1);
  cache.Insert(1, {}, std::vector<float>{9});
  cache.Insert(1, Ids{1}, {});
  EXPECT_TRUE(cache.Find(1, {}, one));
  EXPECT_EQ(one[0], 9);
  EXPECT_TRUE(cache.Find(1, Ids{1}, {}));
}

TEST(PredictionCache, AnswersNothingWithZeroBytes) {
  for (const size_t bytes : {0, 1, 100}) {
    PredictionCache cache(bytes);
    EXPECT_FALSE(cache.enabled());
    EXPECT_FALSE(Ask(cache, 1, Text(1)));
    EXPECT_FALSE(Ask(cache, 1, Text(1)));
    cache.Clear();
    EXPECT_EQ(cache.counts().bytes, 0u);
  }
}

TEST(PredictionCache, NeverHoldsMoreThanItsBytes) {
  for (const size_t bytes : {1000, 5000, 100000, 1000000}) {
    for (const int shards : {-1, 1, 5, 16, 1000000}) {
      PredictionCache cache(bytes, shards);
      Random random(bytes, "sizes");
      for (int i = 0; i < 3000; ++i) {
        Ids ids(random.Below(i % 100 == 0 ? 400000 : 300), i % 1000);
        const std::vector<float> values(random.Below(20));
        std::vector<float> found(values.size());
        cache.Find(1, ids, found);
        cache.Insert(1, ids, values);
        ASSERT_LE(cache.counts().bytes, bytes);
      }
      const PredictionCacheCounts counts = cache.counts();
      EXPECT_EQ(counts.inserted, counts.entries + counts.refused + counts.evicted);
      if (bytes > 5000 && shards == 1) {
        EXPECT_GT(counts.bytes, bytes / 2) << "and uses them";
      }
      cache.Clear();
      EXPECT_EQ(cache.counts().entries, 0u);
    }
  }
}

TEST(PredictionCache, HitsMoreOftenThanPlainLru) {
  const Zipf zipf(50000, 0.9);
  std::vector<Ids> texts;
  texts.reserve(50000);
  for (uint32_t key = 0; key < 50000; ++key) texts.push_back(Text(key));
  PredictionCache cache(500000);
  Random random(7);
  for (int i = 0; i < 200000; ++i) Ask(cache, 1, texts[zipf.Draw(random)]);
  PlainLru lru(cache.counts().entries);
  Random same(7);
  for (int i = 0; i < 200000; ++i) lru.Ask(zipf.Draw(same));

  int hits = 0, lru_hits = 0;
  for (int i = 0; i < 200000; ++i) {
    const uint32_t key = zipf.Draw(random);
    hits += Ask(cache, 1, texts[key]);
    lru_hits += lru.Ask(key);
  }
  RecordProperty("hits", hits);
  RecordProperty("lru_hits", lru_hits);
  EXPECT_GT(hits, lru_hits + lru_hits / 10);
}

TEST(PredictionCache, TextsSeenOnceDoNotPushOutTextsSeenOften) {
  PredictionCache cache(500000);
  for (int round = 0; round < 5; ++round) {
    for (uint32_t key = 0; key < 1000; ++key) Ask(cache, 1, Text(key));
  }
  for (uint32_t key = 1000; key < 51000; ++key) Ask(cache, 1, Text(key));
  int there = 0;
  for (uint32_t key = 0; key < 1000; ++key) there += Ask(cache, 1, Text(key));
  EXPECT_GT(there, 900);
}

TEST(PredictionCache, EntriesOfANewModelReplaceThoseOfTheOldOne) {
  PredictionCache cache(500000);
  for (int round = 0; round < 10; ++round) {
    for (uint32_t key = 0; key < 2000; ++key) Ask(cache, 1, Text(key));
  }
  int hits = 0;
  for (int round = 0; round < 60; ++round) {
    hits = 0;
    for (uint32_t key = 0; key < 1000; ++key) hits += Ask(cache, 2, Text(key));
  }
  EXPECT_GT(hits, 900) << "what nobody asks for any more has aged out";
}

TEST(PredictionCache, ThreadsNeverGetThePredictionOfAnotherText) {
  PredictionCache cache(200000, 4);
  std::vector<Ids> texts;
  texts.reserve(3000);
  for (uint32_t key = 0; key < 3000; ++key) texts.push_back(Text(key));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const Zipf zipf(3000, 0.8);
      Random random(thread);
      for (int i = 0; i < 20000; ++i) {
        const uint64_t model = random.Below(2);
        Ask(cache, model, texts[zipf.Draw(random)]);
        if (i % 1000 == 0) {
          EXPECT_LE(cache.counts().bytes, 200000u);
        }
        if (thread == 0 && i % 5000 == 4999) cache.Clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const PredictionCacheCounts counts = cache.counts();
  EXPECT_EQ(counts.hits + counts.misses, 80000u);
  EXPECT_GT(counts.hits, 8000u);
  EXPECT_EQ(counts.inserted, counts.entries + counts.refused + counts.evicted);
}

TEST(FrequencySketch, CountsToFifteenAndForgets) {
  FrequencySketch sketch(1024);
  Random random(1);
  const auto hash = [](uint64_t key) { return key * 0xD1342543DE82EF95ull + 0x9E3779B97F4A7C15ull; };
  EXPECT_EQ(sketch.Estimate(hash(1)), 0);
  for (int i = 1; i <= 40; ++i) {
    sketch.Add(hash(1));
    EXPECT_EQ(sketch.Estimate(hash(1)), std::min(i, 15));
  }
  EXPECT_EQ(sketch.bytes(), 8192u);
  for (int i = 0; i < 60000; ++i) sketch.Add(hash(2 + random.Below(1000)));
  EXPECT_LE(sketch.Estimate(hash(1)), 4);
}

TEST(FrequencySketch, NeverUnderestimatesAndRarelyOverestimates) {
  FrequencySketch sketch(1024);
  Random random(1);
  std::vector<uint64_t> hashes;
  hashes.reserve(700);
  for (int i = 0; i < 700; ++i) hashes.push_back(uint64_t{random.Bits()} << 32 | random.Bits());
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t times = 0; times < 1 + i % 5; ++times) sketch.Add(hashes[i]);
  }
  int exact = 0;
  for (size_t i = 0; i < hashes.size(); ++i) {
    const int right = static_cast<int>(1 + i % 5);
    EXPECT_GE(sketch.Estimate(hashes[i]), right);
    exact += sketch.Estimate(hashes[i]) == right;
  }
  EXPECT_GT(exact, 600);
}

TEST(PredictionCache, TakesMemoryAsItFills) {
  constexpr size_t kBytes = size_t{1} << 30;
  PredictionCache cache(kBytes);
  EXPECT_LT(cache.counts().bytes, kBytes / 1000);
  std::vector<float> values(2);
  constexpr int32_t kTexts = 100000;
  for (int32_t i = 0; i < kTexts; ++i) cache.Insert(1, std::vector<int32_t>(16, i), values);
  const PredictionCacheCounts counts = cache.counts();
  EXPECT_EQ(counts.entries, static_cast<size_t>(kTexts));
  EXPECT_LT(counts.bytes, size_t{kTexts} * 300);
  EXPECT_GT(counts.bytes, size_t{kTexts} * 100);
  for (int32_t i = 0; i < kTexts; ++i) ASSERT_TRUE(cache.Find(1, std::vector<int32_t>(16, i), values)) << i;
}

}  // namespace
}  // namespace winnow
