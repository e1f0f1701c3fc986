/// Dropout without stored masks: whether element (row, column) is kept is a hash of a key, the row and the column, so
/// that a backward pass computes the mask of the forward pass again, and neither batch order in memory nor the number
/// of threads changes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

struct Dropout {
  uint64_t key = 0;  ///< random key, derived from the seed, the step and the position in the network
  /// Probability that an element is zeroed; the others are scaled by 1/(1-probability). 0: no dropout.
  float probability = 0.0f;

  bool active() const { return probability > 0.0f; }
  float scale() const { return 1.0f / (1.0f - probability); }
  /// Elements whose 31-bit hash is below this are zeroed.
  uint32_t threshold() const { return static_cast<uint32_t>(static_cast<double>(probability) * 2147483648.0); }
  /// Returns the part of the hash that a whole row shares.
  uint32_t RowKey(uint64_t row) const;
  /// Returns a key for another place: `value`, such as a layer, a site or a step, is mixed into `key`.
  static uint64_t MixKey(uint64_t key, uint64_t value);
};

/// Applies dropout to x[row, :] in place; rows are first_row .. first_row+rows-1, of n contiguous floats each. Applied
/// to a gradient it is the backward pass.
void ApplyDropout(const Dropout& dropout, uint64_t first_row, size_t rows, size_t n, float* x);

}  // namespace winnow
