#include "kernels/product_memory.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "base/round_up.h"

namespace winnow {

uint8_t* InterleavedMemory(size_t rows, size_t in) {
  thread_local AlignedBuffer<uint8_t> memory;
  memory.Resize(std::max(RoundUp(rows, kInterleavedRows) * RoundUp(in, 32), memory.size()));
  return memory.data();
}

int16_t* WidenedMemory(size_t rows, size_t in) {
  thread_local AlignedBuffer<int16_t> memory;
  memory.Resize(std::max(RoundUp(rows, 4) * in, memory.size()));
  return memory.data();
}

}  // namespace winnow
