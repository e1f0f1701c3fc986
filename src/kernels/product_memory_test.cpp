#include "kernels/product_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace winnow {
namespace {

TEST(ProductMemory, FewerRowsReuseTheMemoryOfMore) {
  uint8_t* const memory = InterleavedMemory(kPairRows, 1537);
  std::memset(memory, 1, kPairRows * 1568);  // inputs are rounded up to whole blocks of 32
  EXPECT_EQ(InterleavedMemory(5, 384), memory);
  EXPECT_EQ(InterleavedMemory(kPairRows, 1537), memory);
}

TEST(ProductMemory, WidenedRowsReuseTheMemoryOfMore) {
  int16_t* const memory = WidenedMemory(kWidenedRows, 1540);
  std::memset(memory, 1, kWidenedRows * 1540 * sizeof(int16_t));
  EXPECT_EQ(WidenedMemory(5, 384), memory);
}

}  // namespace
}  // namespace winnow
