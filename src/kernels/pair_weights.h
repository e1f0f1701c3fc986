/// Weights of bytes, split so that their products with unsigned bytes can be summed in 16 bits without an overflow. For
/// CPUs with vpmaddubsw but without VNNI (packed_matmul.h).
///
/// vpmaddubsw multiplies two neighbouring bytes of a row, 0 ... 255, by two weights and adds the products in 16 bits.
/// Two conditions make these sums exact, whatever the row:
///   1. Two neighbours of one sign have magnitudes that sum to 128 at most: 255 * 128 < 2^15.
///   2. The magnitudes of the four weights that meet in a sum of 16 bits, in two groups of four inputs, sum to 255 at
///      most. The sum of (x - 128) * w is then within 128 * 255 < 2^15, and computing modulo 2^16 gives it exactly.
/// Of the weights of a trained model one in a hundred violates a condition. What such a weight has too much is taken
/// away from it, and kept as a rest, which is added separately: weight = reduced weight + rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// What four weights of one output have too much.
struct WeightRest {
  uint32_t place;               ///< 32 * group of four inputs + output among the 16 outputs of its group
  std::array<int8_t, 4> bytes;  ///< meets condition 1
};

/// The rests of packed weights. Immutable once made.
class PairWeights {
 public:
  PairWeights() = default;

  /// Reduces packed weights [groups][fours][16][4] in place and keeps the rests.
  PairWeights(size_t groups, size_t fours, int8_t* packed);

  /// Returns true for weights that were not split.
  bool empty() const { return begins_.empty(); }

  /// Returns the rests of a group of 16 outputs, by place.
  std::span<const WeightRest> rests(size_t group) const {
    return std::span(rests_).subspan(begins_[group], begins_[group + 1] - begins_[group]);
  }

 private:
  std::vector<size_t> begins_;  // [groups + 1]
  std::vector<WeightRest> rests_;
};

}  // namespace winnow
