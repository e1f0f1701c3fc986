// Counts what the memory manager is asked for while answers are found.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "server/prediction_cache.h"

namespace {
std::atomic<long> allocations = 0;
}  // namespace

[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace winnow {
namespace {

TEST(PredictionCacheAllocations, AreNoneForFind) {
  PredictionCache cache(1 << 20);
  const std::vector<int32_t> ids(25, 7), others(25, 8);
  std::vector<float> values(2);
  const long before_insert = allocations;
  cache.Insert(1, ids, values);
  EXPECT_EQ(allocations - before_insert, 1) << "the counter counts";
  const long before = allocations;
  bool right = true;
  for (int i = 0; i < 1000; ++i) right = cache.Find(1, ids, values) && !cache.Find(1, others, values) && right;
  EXPECT_EQ(allocations - before, 0);
  EXPECT_TRUE(right);
}

}  // namespace
}  // namespace winnow
