/// Rotary positions (Su et al. 2021, arXiv:2104.09864): the queries and keys of each head are rotated, in as many
/// planes as a head has pairs of columns, by angles that grow with the position, so that their product depends on the
/// distance.
#pragma once

#include <cstddef>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

/// The rotations of a model's global and local layers.
class RotaryPositions {
 public:
  /// Computes the angles of the first `longest` positions in advance, of at most kTable of them. Does nothing if they
  /// are computed already. Must have been called before Turn.
  void Prepare(const ModelConfig& config, size_t longest);

  /// Rotates all heads of one row [hidden_size] of queries or keys at `position`; by the negative angles if `back`,
  /// which turns gradients with respect to the result into gradients with respect to the row. Thread-safe.
  void Turn(bool local, size_t position, bool back, float* row) const;

 private:
  static constexpr size_t kTable = 8192;  // positions; a config may claim a million

  struct Angles {
    std::vector<float> frequencies;     // [half]
    std::vector<float> cosines, sines;  // [positions, half]
  };

  size_t prepared_ = 0;  // number of positions in the tables
  size_t heads_ = 0;
  size_t half_ = 0;   // half the size of a head
  Angles angles_[2];  // of global and of local layers
};

}  // namespace winnow
