// The self-check of tiles, and the choice whether they are used.
#include "kernels/tiles.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "kernels/isa.h"
#include "kernels/reference/packed_matmul.h"

namespace winnow {
namespace {

std::atomic<const TileKernel*> stand_in = nullptr;

struct Shape {
  size_t rows, groups, steps;
};

/// Returns true if the product of one shape is right, with gaps between the rows and between the sums. Extreme bytes
/// are 0 or 255, and extreme weights -128 or 127: with them a product in too few bits saturates, and a sign that is
/// wrongly read shows.
bool ProductIsExact(const TileKernel& tiles, const Shape& shape, bool extreme, Random& random) {
  constexpr int32_t kUntouched = 0x5a5a5a5a;
  constexpr size_t kGap = 64;
  const size_t in = shape.steps * kTileInputs, outputs = shape.groups * kTileOutputs;
  const size_t x_stride = in + kGap, sums_stride = outputs + kGap;
  std::vector<uint8_t> x(shape.rows * x_stride);
  for (uint8_t& byte : x) byte = static_cast<uint8_t>(extreme ? 255 * random.Below(2) : random.Below(256));
  std::vector<int8_t> weights(outputs * in), packed(outputs * in);
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t i = 0; i < in; ++i) {
      const int value = extreme ? (random.Below(2) == 0 ? -128 : 127) : static_cast<int>(random.Below(256)) - 128;
      const size_t group = o / kTileOutputs, four = i / 4;
      weights[o * in + i] = static_cast<int8_t>(value);
      packed[((group * in / 4 + four) * kTileOutputs + o % kTileOutputs) * 4 + i % 4] = static_cast<int8_t>(value);
    }
  }
  std::vector<int32_t> sums((shape.rows + 1) * sums_stride, kUntouched);
  tiles.configure(shape.rows);
  tiles.sum({.rows = shape.rows,
             .x = x.data(),
             .x_stride = x_stride,
             .steps = shape.steps,
             .weights = packed.data(),
             .groups = shape.groups,
             .sums = sums.data(),
             .sums_stride = sums_stride});
  tiles.release();
  for (size_t r = 0; r <= shape.rows; ++r) {
    for (size_t o = 0; o < sums_stride; ++o) {
      const bool inside = r < shape.rows && o < outputs;
      const int64_t expected =
          inside ? reference::Dot(in, x.data() + r * x_stride, 0, weights.data() + o * in) : kUntouched;
      if (sums[r * sums_stride + o] != expected) return false;
    }
  }
  return true;
}

const TileKernel* Checked(const TileKernel* tiles) {
  if (tiles == nullptr || TilesAreExact(*tiles)) return tiles;
  LogWarning(
      "INT8 products do not use this CPU's AMX instructions, because a self-check found that their sums are wrong; "
      "AVX-512 VNNI is used instead. WINNOW_ISA=avx512_vnni turns AMX off for training too");
  return nullptr;
}

void TellRefusal() {
  LogInfo("INT8 products do not use this CPU's AMX instructions, because the operating system did not permit it: {}",
          std::generic_category().message(RefusalOfTiles()));
}

}  // namespace

bool TilesAreExact(const TileKernel& tiles) {
  Random random(1, "self-check of tiles");
  for (const size_t rows : {size_t{1}, size_t{15}, kTileRows, kTileRows + 1, kTileBlockRows}) {
    for (const size_t groups : {size_t{1}, size_t{2}}) {
      for (const size_t steps : {size_t{1}, size_t{2}, size_t{6}}) {
        for (const bool extreme : {false, true}) {
          if (!ProductIsExact(tiles, {rows, groups, steps}, extreme, random)) return false;
        }
      }
    }
  }
  return true;
}

const TileKernel* ActiveTiles() {
  if (const TileKernel* tiles = stand_in; tiles != nullptr) return tiles;
  if (ActiveIsa() != Isa::kAmx) {
    static std::once_flag told;
    if (RefusalOfTiles() != 0) std::call_once(told, TellRefusal);
    return nullptr;
  }
  static const TileKernel* const tiles = Checked(AmxTiles());
  return tiles;
}

void UseTilesForTest(const TileKernel* tiles) { stand_in = Checked(tiles); }

}  // namespace winnow
