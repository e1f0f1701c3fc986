// A program of its own: its memory runs out when a test says so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "base/json.h"

namespace {
int64_t allocations_left = -1;  // below 0: no limit
}

void* operator new(size_t size) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace winnow {
namespace {

TEST(JsonMemory, ACopyThatFailsLeavesNothingBehind) {
  const Json value = {
      {"label", "a text that is too long to lie within the object itself"},
      {"scores", Json::array({1, "another text that is too long to lie within it", Json::array({2.5})})}};
  int failures = 0;
  for (int64_t allocations = 0;; ++allocations) {
    allocations_left = allocations;
    try {
      const Json copy(value);
      allocations_left = -1;
      EXPECT_EQ(copy, value);
      break;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
      ++failures;
    }
  }
  EXPECT_GE(failures, 5) << "one for each allocation";
}

}  // namespace
}  // namespace winnow
