/// Sums of products of bytes with the tiles of AMX: eight registers per thread that hold a matrix of up to 16 rows of
/// 64 bytes each, and an instruction, TDPBUSD, that multiplies two of them (Intel 64 and IA-32 Architectures Software
/// Developer's Manual, "Programming with Intel Advanced Matrix Extensions"). Only for packed_matmul.cpp.
///
/// The instructions are trusted only after a self-check: products with random and with extreme bytes are compared with
/// plain integer sums before the first product. The algorithm (tile_sums.h) does not know which tiles it runs on, so
/// tests run it on an emulation, and the instructions themselves on CPUs without them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

inline constexpr size_t kTileRows = 16;       ///< rows of one tile
inline constexpr size_t kTileInputs = 64;     ///< bytes of a row of one tile
inline constexpr size_t kTileOutputs = 16;    ///< sums of 32 bits in a row of one tile
inline constexpr size_t kTileBlockRows = 32;  ///< rows that are multiplied together: two tiles

/// A product of a block of rows with one or two groups of 16 outputs.
struct TileBlock {
  size_t rows;            ///< number of rows, which is the one that was configured
  const uint8_t* x;       ///< rows of `steps` * 64 bytes
  size_t x_stride;        ///< bytes between rows of x
  size_t steps;           ///< number of inputs, divided by 64
  const int8_t* weights;  ///< packed weights [groups][steps * 16][16][4]
  size_t groups;          ///< 1 or 2
  int32_t* sums;          ///< receives the sums [rows][groups * 16]
  size_t sums_stride;     ///< numbers between rows of sums
};

/// The three operations of a product. `configure`, any number of calls of `sum`, and `release` follow one another on
/// one thread; nothing else that uses tiles may run between them, which oneDNN's bf16 products do.
struct TileKernel {
  void (*configure)(size_t rows);  ///< prepares for blocks of 1 ... kTileBlockRows rows
  void (*sum)(const TileBlock& block);
  void (*release)();  ///< empties the tiles, so that a change of threads need not save them
};

/// Returns the kernel of AMX instructions, or null on other architectures than x86-64. Calling it is an error on CPUs
/// without AMX, and before the operating system gave its permission (kernels/isa.cpp asks for it).
const TileKernel* AmxTiles();

/// Returns true if the sums of `tiles` are right in a number of shapes, for random and for extreme bytes, and if
/// nothing beside the sums is written.
bool TilesAreExact(const TileKernel& tiles);

/// Returns the tiles with which integer products are computed now, or null if they are computed without: unless
/// Isa::kAmx is active and the self-check has found its sums right. The self-check runs in the first call; a failure is
/// logged once. Thread-safe.
const TileKernel* ActiveTiles();

/// Puts other tiles in the place of the CPU's, whatever instruction set is active, if they pass the self-check; null
/// brings back the CPU's. Weights have to be packed after the call. For tests.
void UseTilesForTest(const TileKernel* tiles);

}  // namespace winnow
