/// The plain form of kernels/dropout.h: the hash of one element.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/dropout.h"

namespace winnow::reference {

/// Returns the factor of element (row, column): 0 if it is dropped, otherwise dropout.scale().
inline float DropoutFactor(const Dropout& dropout, uint64_t row, size_t column) {
  if (!dropout.active()) return 1.0f;
  uint32_t x = (static_cast<uint32_t>(column) * 0x9E3779B9u) ^ dropout.RowKey(row);
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  x ^= x >> 16;
  return (x >> 1) >= dropout.threshold() ? dropout.scale() : 0.0f;
}

}  // namespace winnow::reference
