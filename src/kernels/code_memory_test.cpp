#include "kernels/code_memory.h"

#include <gtest/gtest.h>

#include <limits>
#include <new>

namespace winnow {
namespace {

TEST(CodeMemory, IsRequiredAndNotTaken) {
  for (int i = 0; i < 1000; ++i) RequireMemory(kF32CodeBytes);  // 24 GB, if it were kept
}

TEST(CodeMemory, IsRefusedWhereThereIsNone) {
  EXPECT_THROW(RequireMemory(std::numeric_limits<size_t>::max() / 2), std::bad_alloc);
}

}  // namespace
}  // namespace winnow
