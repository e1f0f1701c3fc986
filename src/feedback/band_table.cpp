#include "feedback/band_table.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace winnow {

/// calloc, because the operating system gives large zeroed arrays page by page, when they are first touched.
BandTable::Array::Array(size_t size)
    : slots(static_cast<uint64_t*>(std::calloc(size, sizeof(uint64_t)))),
      mask(size - 1),
      shift(32 - std::countr_zero(size)) {
  if (slots == nullptr) throw std::bad_alloc();
}

/// The new array is at most half full when the old one, at most 60 % of which is in use, has been moved: eight slots
/// move with each insertion.
void BandTable::Grow(size_t entries) {
  old_ = std::exchange(now_, Array(std::max(kSmallest, std::bit_ceil(3 * entries))));
  moved_ = 0;
}

void BandTable::DropOld() {
  old_ = Array();
  moved_ = 0;
}

}  // namespace winnow
