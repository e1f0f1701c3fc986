/// The product of a block of rows with packed weights on tiles of any kind: AMX (amx_tiles.cpp), or an emulation of it
/// (reference/tiles.h). `Tiles` has static functions:
///   Configure(const TileConfig&)                     LDTILECFG: sets the sizes of all tiles
///   Zero<tile>()                                     TILEZERO
///   Load<tile>(const void* from, size_t stride)      TILELOADD: rows that are `stride` bytes apart
///   DotProduct<sums, rows, columns>()                TDPBUSD: sums += rows (unsigned bytes) x columns (signed bytes)
///   Store<tile>(void* to, size_t stride)             TILESTORED
///   Release()                                        TILERELEASE
///
/// A tile of columns holds, in its row k, inputs 4k ... 4k+3 of 16 outputs. That is the order of packed weights, whose
/// number of inputs is a multiple of 64 here. Sums of two tiles of rows by two of columns stay in four tiles, so that
/// each tile that is loaded is multiplied twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/tiles.h"

namespace winnow {

/// The memory operand of LDTILECFG, as the Software Developer's Manual lays it out: tiles of palette 1.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  std::array<uint8_t, 14> reserved{};
  std::array<uint16_t, 16> row_bytes{};  // of each tile
  std::array<uint8_t, 16> rows{};

  void Set(size_t tile, size_t number_of_rows) {
    row_bytes[tile] = number_of_rows == 0 ? 0 : kTileInputs;
    rows[tile] = static_cast<uint8_t>(number_of_rows);
  }
};
static_assert(sizeof(TileConfig) == 64);

/// Numbers of the tiles: four of sums, two of rows, two of columns.
enum TileNumber : int { kSums00, kSums01, kSums10, kSums11, kRows0, kRows1, kColumns0, kColumns1 };

template <class Tiles>
void ConfigureTiles(size_t rows) {
  const size_t first = rows < kTileRows ? rows : kTileRows, second = rows - first;
  TileConfig config;
  for (const int tile : {kSums00, kSums01, kRows0}) config.Set(static_cast<size_t>(tile), first);
  for (const int tile : {kSums10, kSums11, kRows1}) config.Set(static_cast<size_t>(tile), second);
  for (const int tile : {kColumns0, kColumns1}) config.Set(static_cast<size_t>(tile), kTileInputs / 4);
  Tiles::Configure(config);
}

template <class Tiles, size_t kRowTiles, size_t kGroups>
void SumBlock(const TileBlock& block) {
  constexpr size_t kColumnBytes = kTileInputs * kTileOutputs;  // of a tile of columns
  Tiles::template Zero<kSums00>();
  if constexpr (kGroups == 2) Tiles::template Zero<kSums01>();
  if constexpr (kRowTiles == 2) Tiles::template Zero<kSums10>();
  if constexpr (kRowTiles == 2 && kGroups == 2) Tiles::template Zero<kSums11>();
  for (size_t step = 0; step < block.steps; ++step) {
    const int8_t* w = block.weights + step * kColumnBytes;
    const uint8_t* x = block.x + step * kTileInputs;
    Tiles::template Load<kColumns0>(w, kTileInputs);
    if constexpr (kGroups == 2) Tiles::template Load<kColumns1>(w + block.steps * kColumnBytes, kTileInputs);
    Tiles::template Load<kRows0>(x, block.x_stride);
    Tiles::template DotProduct<kSums00, kRows0, kColumns0>();
    if constexpr (kGroups == 2) Tiles::template DotProduct<kSums01, kRows0, kColumns1>();
    if constexpr (kRowTiles == 2) {
      Tiles::template Load<kRows1>(x + kTileRows * block.x_stride, block.x_stride);
      Tiles::template DotProduct<kSums10, kRows1, kColumns0>();
      if constexpr (kGroups == 2) Tiles::template DotProduct<kSums11, kRows1, kColumns1>();
    }
  }
  const size_t stride = block.sums_stride * sizeof(int32_t);
  int32_t* const second = block.sums + kTileRows * block.sums_stride;
  Tiles::template Store<kSums00>(block.sums, stride);
  if constexpr (kGroups == 2) Tiles::template Store<kSums01>(block.sums + kTileOutputs, stride);
  if constexpr (kRowTiles == 2) Tiles::template Store<kSums10>(second, stride);
  if constexpr (kRowTiles == 2 && kGroups == 2) Tiles::template Store<kSums11>(second + kTileOutputs, stride);
}

template <class Tiles>
void SumTileBlock(const TileBlock& block) {
  if (block.rows > kTileRows) {
    block.groups == 2 ? SumBlock<Tiles, 2, 2>(block) : SumBlock<Tiles, 2, 1>(block);
  } else {
    block.groups == 2 ? SumBlock<Tiles, 1, 2>(block) : SumBlock<Tiles, 1, 1>(block);
  }
}

template <class Tiles>
inline constexpr TileKernel kTileKernel = {ConfigureTiles<Tiles>, SumTileBlock<Tiles>, Tiles::Release};

}  // namespace winnow
