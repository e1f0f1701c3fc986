#include "kernels/product_memory.h"

#include <algorithm>

#include "base/aligned_buffer.h"

namespace winnow {
namespace {

size_t RoundedUp(size_t count, size_t unit) { return (count + unit - 1) / unit * unit; }

}  // namespace

uint8_t* InterleavedMemory(size_t rows, size_t in) {
  thread_local AlignedBuffer<uint8_t> memory;
  memory.Resize(std::max(RoundedUp(rows, kInterleavedRows) * RoundedUp(in, 32), memory.size()));
  return memory.data();
}

int16_t* WidenedMemory(size_t rows, size_t in) {
  thread_local AlignedBuffer<int16_t> memory;
  memory.Resize(std::max(RoundedUp(rows, 4) * in, memory.size()));
  return memory.data();
}

}  // namespace winnow
