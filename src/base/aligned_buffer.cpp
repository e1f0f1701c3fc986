#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <new>

#include "base/round_up.h"

namespace winnow {

void* AllocateAligned(size_t bytes) {
  constexpr size_t kCacheLine = 64, kHugePage = size_t{2} << 20;
  const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const size_t whole = RoundUp(bytes, kCacheLine);
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, whole) != 0) throw std::bad_alloc();
  // Whole huge pages alone: one for the rest would take memory that nobody asked for.
  if (alignment == kHugePage) ::madvise(memory, whole / kHugePage * kHugePage, MADV_HUGEPAGE);
  return memory;
}

}  // namespace winnow
