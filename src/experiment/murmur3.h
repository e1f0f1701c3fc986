/// MurmurHash3 (Austin Appleby, public domain), the variant x64 of 128 bits: a fast hash that other programs can
/// compute too, so that an assignment of users can be checked outside of Winnow. Not for keys that an attacker may
/// choose.
#pragma once

#include <cstdint>
#include <string_view>

namespace winnow {

struct Murmur3Hash {
  uint64_t low = 0, high = 0;  ///< the two halves, as the reference implementation writes them to memory
  friend bool operator==(const Murmur3Hash&, const Murmur3Hash&) = default;
};

/// Returns MurmurHash3_x64_128 of the bytes.
Murmur3Hash Murmur3(std::string_view bytes, uint32_t seed = 0);

}  // namespace winnow
