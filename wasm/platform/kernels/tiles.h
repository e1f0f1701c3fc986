/// A CPU without tiles.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

inline constexpr size_t kTileInputs = 64;
inline constexpr size_t kTileBlockRows = 32;

struct TileBlock {
  size_t rows;
  const uint8_t* x;
  size_t x_stride;
  size_t steps;
  const int8_t* weights;
  size_t groups;
  int32_t* sums;
  size_t sums_stride;
};

struct TileKernel {
  void (*configure)(size_t rows);
  void (*sum)(const TileBlock& block);
  void (*release)();
};

constexpr const TileKernel* ActiveTiles() { return nullptr; }

}  // namespace winnow
