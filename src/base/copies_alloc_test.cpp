// A program of its own: its memory runs out when a test says so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/variant.h"

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

/// Copies `value` until it succeeds, with one allocation more each time. Returns how often it failed.
template <typename T>
int FailuresOfCopies(const T& value) {
  int failures = 0;
  for (int64_t allocations = 0;; ++allocations) {
    allocations_left = allocations;
    try {
      const T copy(value);
      allocations_left = -1;
      EXPECT_EQ(copy, value);
      return failures;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
      ++failures;
    }
  }
}

TEST(Copies, OfJsonThatFailLeaveNothingBehind) {
  const Json value = {
      {"label", "a text that is too long to lie within the object itself"},
      {"scores", Json::array({1, "another text that is too long to lie within it", Json::array({2.5})})}};
  EXPECT_GE(FailuresOfCopies(value), 5) << "one for each allocation";
}

TEST(Copies, OfVariantsThatFailLeaveNothingBehind) {
  using Value = Variant<std::monostate, int64_t, std::string>;
  const std::string text = "a text that is too long to lie within the object itself";
  EXPECT_EQ(FailuresOfCopies(Value(text)), 1);
  EXPECT_EQ(FailuresOfCopies(std::vector<Value>{int64_t{1}, text, Value(), text}), 3);
}

}  // namespace
}  // namespace winnow
