/// Rotary positions (Su et al. 2021, arXiv:2104.09864): each head's query and key are turned, in as many planes as they
/// have pairs of columns, by angles that grow with the position, so that their product depends on the distance alone.
#pragma once

#include <cstddef>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

/// The angles' cosines and sines of the first positions, for the global and the local layers of a model.
class RotaryPositions {
 public:
  /// Makes sure of positions 0 ... longest - 1. Cheap where they are there already.
  void Prepare(const ModelConfig& config, size_t longest);

  /// Turns all heads of one row [hidden_size] of queries or keys at `position`; `back` by the negative angles, which is
  /// what a gradient needs.
  void Turn(bool local, size_t position, bool back, float* row) const;

 private:
  struct Angles {
    std::vector<float> cosines, sines;  // [positions, half a head]
  };

  size_t longest_ = 0;
  size_t heads_ = 0;
  size_t half_ = 0;   // a head's size
  Angles angles_[2];  // global, local
};

}  // namespace winnow
