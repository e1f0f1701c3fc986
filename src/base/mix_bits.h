/// Mixing of the bits of hashes.
#pragma once

#include <cstdint>

namespace winnow {

/// Returns the number with all bits mixed into all, so that any of them serve as a hash: the finalizer of MurmurHash3
/// (Appleby, public domain).
constexpr uint64_t MixBits(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
  x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
  return x ^ (x >> 33);
}

}  // namespace winnow
