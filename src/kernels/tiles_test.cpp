#include "kernels/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "kernels/isa.h"
#include "kernels/packed_matmul.h"
#include "kernels/reference/packed_matmul.h"
#include "kernels/reference/tiles.h"
#include "support/numbers.h"
#include "support/trapped_tiles.h"

namespace winnow {
namespace {

using reference::EmulatedTiles;

/// Uses other tiles than the CPU's until its end.
class StandIn {
 public:
  explicit StandIn(const TileKernel& tiles) { UseTilesForTest(&tiles); }
  ~StandIn() { UseTilesForTest(nullptr); }
};

enum class TileFill { kRandom, kExtreme };

struct TileProblem {
  size_t rows, out, in;
  std::vector<int8_t> weights{};
  std::vector<uint8_t> bytes{};
  std::vector<ByteScale> scales{};
  PackedWeights packed{};

  ProductInput input() const { return {.bytes = bytes.data(), .scales = scales.data()}; }
  float Expected(size_t row, size_t o) const {
    return static_cast<float>(reference::Dot(in, bytes.data() + row * ByteStride(in), 0, weights.data() + o * in));
  }
};

TileProblem MakeTiles(size_t rows, size_t out, size_t in, TileFill fill) {
  TileProblem p{.rows = rows, .out = out, .in = in};
  Random random(rows * 1000 + out * 10 + in, "tiles");
  const bool extreme = fill == TileFill::kExtreme;
  p.weights.resize(out * in);
  for (int8_t& w : p.weights) {
    w = static_cast<int8_t>(extreme ? (random.Below(2) == 0 ? -127 : 127) : static_cast<int>(random.Below(255)) - 127);
  }
  p.bytes.resize(rows * ByteStride(in));
  for (uint8_t& x : p.bytes) x = static_cast<uint8_t>(extreme ? 255 * random.Below(2) : random.Below(256));
  p.scales.assign(rows, ByteScale{1.0f, 0});
  p.packed = PackedWeights::OfBytes(out, in, p.weights, std::vector<float>(out, 1.0f)).value();
  return p;
}

void ExpectExactSums(const TileProblem& p) {
  GuardedFloats y(p.rows * p.out);
  PackedProduct(p.rows, p.input(), p.packed, 0, p.out, nullptr, Activation::kIdentity, y.data(), p.out);
  ASSERT_TRUE(y.intact());
  for (size_t r = 0; r < p.rows; ++r) {
    for (size_t o = 0; o < p.out; ++o) {
      ASSERT_EQ(y[r * p.out + o], p.Expected(r, o)) << p.rows << " " << p.out << " " << p.in << ": " << r << " " << o;
    }
  }
}

/// Products of every kind of rest in rows, outputs and inputs.
void ExpectExactSumsOfManySizes() {
  for (const size_t rows : {1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97}) {
    for (const size_t out : {1, 15, 16, 17, 32, 33, 48, 65, 100}) {
      for (const size_t in : {1, 4, 63, 64, 65, 190}) {
        const TileFill fill = (rows + out + in) % 2 == 0 ? TileFill::kRandom : TileFill::kExtreme;
        ASSERT_NO_FATAL_FAILURE(ExpectExactSums(MakeTiles(rows, out, in, fill)));
      }
    }
  }
}

TEST(Tiles, SumsOfEmulationAreExactForEverySize) {
  const StandIn stand_in(kTileKernel<EmulatedTiles>);
  EXPECT_STREQ(PackedProductInstructions(), "AMX tdpbusd");
  ExpectExactSumsOfManySizes();
  EXPECT_EQ(reference::Tiles::faults(), 0);
  EXPECT_FALSE(reference::Tiles::OfThread().configured());
}

// 255 and 127 everywhere, over the widest input that is accepted: sums of 32 bits have 1 % left.
TEST(Tiles, ExtremesOfTheWidestInputDoNotOverflow) {
  const StandIn stand_in(kTileKernel<EmulatedTiles>);
  for (const int8_t weight : {int8_t{-127}, int8_t{127}}) {
    TileProblem p = MakeTiles(5, 17, kMaxByteInputs, TileFill::kRandom);
    std::ranges::fill(p.weights, weight);
    std::ranges::fill(p.bytes, uint8_t{255});
    p.packed = PackedWeights::OfBytes(p.out, p.in, p.weights, std::vector<float>(p.out, 1.0f)).value();
    ExpectExactSums(p);
  }
}

#if defined(__x86_64__)
bool CpuHasTiles() { return std::ranges::count(SupportedIsas(), Isa::kAmx) > 0; }

// On a CPU without AMX its instructions are trapped and carried out by emulation, which proves that the operands that
// the compiler gave them are the right ones.
TEST(Tiles, InstructionsOfAmxGiveExactSums) {
  const std::unique_ptr<TrappedTiles> trap = CpuHasTiles() ? nullptr : std::make_unique<TrappedTiles>();
  const StandIn stand_in(*AmxTiles());
  EXPECT_STREQ(PackedProductInstructions(), "AMX tdpbusd");
  ExpectExactSumsOfManySizes();
  EXPECT_EQ(reference::Tiles::faults(), 0);
  if (trap != nullptr) {
    EXPECT_GT(TrappedTiles::count(), 10'000);
  }
}

TEST(Tiles, EachThreadConfiguresItsOwn) {
  const std::unique_ptr<TrappedTiles> trap = CpuHasTiles() ? nullptr : std::make_unique<TrappedTiles>();
  const StandIn stand_in(*AmxTiles());
  const TileProblem p = MakeTiles(41, 70, 130, TileFill::kRandom);
  std::vector<std::vector<float>> results(4, std::vector<float>(p.rows * p.out));
  {
    std::vector<std::jthread> threads;
    threads.reserve(results.size());
    for (std::vector<float>& y : results) {
      threads.emplace_back([&] {
        PackedProduct(p.rows, p.input(), p.packed, 0, p.out, nullptr, Activation::kIdentity, y.data(), p.out);
      });
    }
  }
  for (const std::vector<float>& y : results) {
    for (size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], p.Expected(i / p.out, i % p.out));
  }
}
#endif

// What another user of the tiles, such as oneDNN, leaves behind on a thread between two products.
TEST(Tiles, ConfigurationOfOthersIsReplaced) {
  const StandIn stand_in(kTileKernel<EmulatedTiles>);
  const TileProblem p = MakeTiles(37, 40, 100, TileFill::kRandom);
  ExpectExactSums(p);
  TileConfig other;
  for (size_t tile = 0; tile < 8; ++tile) other.Set(tile, 3);
  EmulatedTiles::Configure(other);
  ExpectExactSums(p);
  EmulatedTiles::Release();
  ExpectExactSums(p);
}

TEST(Tiles, EpilogueGivesTheBitsOfTheOtherKernels) {
  const size_t rows = 45, out = 100, in = 150;
  std::vector<ByteScale> scales;
  scales.reserve(rows);
  Random random(5, "epilogue");
  for (size_t r = 0; r < rows; ++r) {
    scales.push_back({static_cast<float>(0.001 + 0.02 * random.Uniform()), static_cast<int32_t>(random.Below(256))});
  }
  const std::vector<float> bias = RandomFloats(out, 9);
  for (const Activation f :
       {Activation::kIdentity, Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kGeluTanh}) {
    std::vector<float> plain(rows * out), tiled(rows * out);
    TileProblem p = MakeTiles(rows, out, in, TileFill::kRandom);
    p.scales = scales;
    PackedProduct(rows, p.input(), p.packed, 0, out, bias.data(), f, plain.data(), out);
    const StandIn stand_in(kTileKernel<EmulatedTiles>);
    p = MakeTiles(rows, out, in, TileFill::kRandom);
    ASSERT_TRUE(p.packed.for_tiles());
    p.scales = scales;
    PackedProduct(rows, p.input(), p.packed, 0, 64, bias.data(), f, tiled.data(), out);
    PackedProduct(rows, p.input(), p.packed, 64, out, bias.data(), f, tiled.data(), out);
    ASSERT_EQ(std::memcmp(plain.data(), tiled.data(), plain.size() * sizeof(float)), 0);
  }
}

TEST(Tiles, WeightsPackedWithAndWithoutThemAreRightOnBoth) {
  const TileProblem plain = MakeTiles(35, 50, 75, TileFill::kExtreme);
  EXPECT_EQ(plain.packed.for_tiles(), ActiveTiles() != nullptr);
  TileProblem tiled;
  {
    const StandIn stand_in(kTileKernel<EmulatedTiles>);
    ExpectExactSums(plain);
    tiled = MakeTiles(35, 50, 75, TileFill::kExtreme);
    EXPECT_TRUE(tiled.packed.for_tiles());
    EXPECT_EQ(tiled.packed.fours(), 32u);
  }
  ExpectExactSums(tiled);
}

/// Takes the signed bytes for the unsigned ones, and the other way round.
struct SwappedOperands : EmulatedTiles {
  template <int sums, int rows, int columns>
  static void DotProduct() {
    EmulatedTiles::DotProduct<sums, columns, rows>();
  }
};

/// Does nothing in a product of the last two tiles.
struct ForgottenProduct : EmulatedTiles {
  template <int sums, int rows, int columns>
  static void DotProduct() {
    if (sums != kSums11) EmulatedTiles::DotProduct<sums, rows, columns>();
  }
};

/// Writes a row more than were configured.
struct LongStore : EmulatedTiles {
  template <int tile>
  static void Store(void* to, size_t stride) {
    EmulatedTiles::Store<tile>(to, stride);
    const TileConfig& config = reference::Tiles::OfThread().config();
    if (config.rows[tile] == 1) std::memset(static_cast<char*>(to) + stride, 0, kTileInputs);
  }
};

void ExpectFallback(const TileKernel& wrong) {
  const std::string before = PackedProductInstructions();
  EXPECT_FALSE(TilesAreExact(wrong));
  testing::internal::CaptureStderr();
  const StandIn stand_in(wrong);
  ExpectExactSums(MakeTiles(33, 40, 70, TileFill::kRandom));
  ExpectExactSums(MakeTiles(33, 40, 70, TileFill::kExtreme));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(PackedProductInstructions(), before);
  const size_t told = log.find("self-check");
  ASSERT_NE(told, std::string::npos) << log;
  EXPECT_EQ(log.find("self-check", told + 1), std::string::npos) << log;
}

TEST(Tiles, FaultyOnesAreNotUsed) {
  ExpectFallback(kTileKernel<SwappedOperands>);
  ExpectFallback(kTileKernel<ForgottenProduct>);
  ExpectFallback(kTileKernel<LongStore>);
}

TEST(Tiles, EmulationCountsWhatACpuRefuses) {
  reference::Tiles& tiles = reference::Tiles::OfThread();
  std::vector<uint8_t> bytes(kTileRows * kTileInputs);
  const int before = reference::Tiles::faults();
  tiles.Release();
  tiles.Zero(0);  // not configured
  EXPECT_EQ(reference::Tiles::faults(), before + 1);
  TileConfig config;
  config.Set(0, 5);
  config.Set(4, 5);
  config.Set(6, 15);  // not the 16 rows that 64 bytes of tile 4 meet
  tiles.Configure(config);
  tiles.Load(4, bytes.data(), 64);
  EXPECT_EQ(reference::Tiles::faults(), before + 1);
  tiles.DotProduct(0, 4, 6);
  tiles.Load(1, bytes.data(), 64);  // a tile without rows
  EXPECT_EQ(reference::Tiles::faults(), before + 3);
  config.palette = 2;
  tiles.Configure(config);
  EXPECT_EQ(reference::Tiles::faults(), before + 4);
  tiles.Release();
}

}  // namespace
}  // namespace winnow
