/// Memory in which a thread interleaves rows for products: with split weights (pair_sums-inl.h), or widened to 16 bits
/// (widened_sums-inl.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

inline constexpr size_t kPairRows = 128;       ///< rows that go through a product together
inline constexpr size_t kInterleavedRows = 8;  ///< rows whose bytes lie side by side

/// Returns memory of the calling thread for `rows` interleaved rows of weights with `in` inputs, valid until the next
/// call. Allocates (std::bad_alloc) only if it is larger than all that this thread has asked for.
uint8_t* InterleavedMemory(size_t rows, size_t in);

inline constexpr size_t kWidenedRows = 32;  ///< widened rows that go through a product together; a multiple of 4

/// Returns memory of the calling thread for `rows` rows of `in` 16-bit numbers, rounded up to whole fours of rows, as
/// InterleavedMemory does.
int16_t* WidenedMemory(size_t rows, size_t in);

}  // namespace winnow
