/// The plain form of kernels/bf16.h: one number, by integer arithmetic on its bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace winnow::reference {

/// Returns the upper half of `value`, rounded to nearest with ties to even. NaN becomes 0x7fc0.
inline uint16_t RoundToBf16(float value) {
  if (std::isnan(value)) return 0x7fc0;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace winnow::reference
