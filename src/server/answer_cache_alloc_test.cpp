// Counts what the memory manager is asked for while answers are found.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "server/answer_cache.h"

// glibc's own, under the name that remains when a program brings its own malloc.
extern "C" void* __libc_malloc(size_t size);

namespace {
std::atomic<long> allocations = 0;
}  // namespace

extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

namespace winnow {
namespace {

TEST(AnswerCacheAllocations, AreNoneForFind) {
  AnswerCache cache(1 << 20);
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
