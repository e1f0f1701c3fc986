// The tile instructions of AMX. They are written as assembly rather than with the intrinsics _tile_loadd,
// _tile_dpbusd... of amxtileintrin.h and amxint8intrin.h, for two reasons, both seen in g++ 12's headers: these are
// macros that take a tile's number as a literal, which a template's argument is not; and they do not say which memory
// they read, so that the compiler may move stores of the rows or of the configuration behind them, or drop such stores.
//
// No variable of the compiler lies in a tile, so no tile is named as changed. The functions need no attribute for their
// target: nothing but these instructions requires AMX, and they run only after CPUID was asked.
#include "kernels/tile_sums.h"
#include "kernels/tiles.h"

namespace winnow {

#if defined(__x86_64__)

namespace {

struct AmxInstructions {
  static void Configure(const TileConfig& config) { asm volatile("ldtilecfg %0" ::"m"(config) : "memory"); }

  static void Release() { asm volatile("tilerelease" ::: "memory"); }

  template <int tile>
  static void Zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(tile));
  }

  template <int tile>
  static void Load(const void* from, size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(tile) : "memory");
  }

  template <int sums, int rows, int columns>
  static void DotProduct() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(rows), "i"(columns));
  }

  template <int tile>
  static void Store(void* to, size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(tile) : "memory");
  }
};

}  // namespace

const TileKernel* AmxTiles() { return &kTileKernel<AmxInstructions>; }

#else

const TileKernel* AmxTiles() { return nullptr; }

#endif

}  // namespace winnow
