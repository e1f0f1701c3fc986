#include "kernels/isa.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/random.h"
#include "kernels/packed_matmul.h"

namespace winnow {
namespace {

/// Runs all of this folder's tests on what WINNOW_ISA names: CMakeLists.txt registers a run for each.
class IsaFromEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const Result<void> chosen = ChooseIsaFromEnvironment();
    if (chosen) return;
    std::printf("%s\n", chosen.error().message.c_str());
    std::_Exit(chosen.error().code == ErrorCode::kUnsupported ? 77 : 1);  // ctest: skipped
  }
};
[[maybe_unused]] testing::Environment* const kIsa = testing::AddGlobalTestEnvironment(new IsaFromEnvironment);

/// Puts back what was active.
class RestoredIsa {
 public:
  ~RestoredIsa() { EXPECT_TRUE(ForceIsa(before_)); }

 private:
  Isa before_ = ActiveIsa();
};

TEST(Isa, ForcedOneRuns) {
  const RestoredIsa restored;
#if defined(__x86_64__)
  const std::map<Isa, std::string> instructions = {{Isa::kPortable, "SCALAR"},          {Isa::kAvx2, "AVX2"},
                                                   {Isa::kAvx2Vnni, "AVX2 vpdpbusd"},   {Isa::kAvx512, "AVX3"},
                                                   {Isa::kAvx512Vnni, "AVX3 vpdpbusd"}, {Isa::kAmx, "AMX tdpbusd"}};
  for (const Isa isa : SupportedIsas()) {
    ASSERT_TRUE(ForceIsa(isa));
    EXPECT_EQ(ActiveIsa(), isa);
    EXPECT_EQ(PackedProductInstructions(), instructions.at(isa)) << NameOf(isa);
  }
#else
  GTEST_SKIP() << "one instruction set here: " << PackedProductInstructions();
#endif
}

TEST(Isa, SumsOfBytesAreTheSameOnAll) {
  const RestoredIsa restored;
  constexpr size_t kRows = 23, kOut = 197, kIn = 773;
  Random random(1, "isa");
  std::vector<int8_t> weights(kOut * kIn);
  for (int8_t& w : weights) w = static_cast<int8_t>(static_cast<int>(random.Below(255)) - 127);
  std::vector<uint8_t> bytes(kRows * ByteStride(kIn));
  for (uint8_t& x : bytes) x = static_cast<uint8_t>(random.Below(256));
  const std::vector<ByteScale> scales(kRows, ByteScale{1.0f, 0});
  std::vector<float> first;
  // Weights that were packed for one instruction set are right on the others too.
  for (const Isa packed_for : SupportedIsas()) {
    ASSERT_TRUE(ForceIsa(packed_for));
    const PackedWeights packed = PackedWeights::OfBytes(kOut, kIn, weights, std::vector<float>(kOut, 1.0f)).value();
    for (const Isa isa : SupportedIsas()) {
      ASSERT_TRUE(ForceIsa(isa));
      std::vector<float> y(kRows * kOut);
      PackedProduct(kRows, {.bytes = bytes.data(), .scales = scales.data()}, packed, 0, kOut, nullptr,
                    Activation::kIdentity, y.data(), kOut);
      if (first.empty()) first = y;
      EXPECT_EQ(std::memcmp(first.data(), y.data(), y.size() * sizeof(float)), 0)
          << NameOf(packed_for) << " " << NameOf(isa);
    }
  }
  EXPECT_NE(first[5], 0.0f);
}

TEST(Isa, UnknownAndMissingOnesAreRefused) {
  const RestoredIsa restored;
  const char* before = std::getenv("WINNOW_ISA");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("WINNOW_ISA", "avx1024", 1);
  const Result<void> unknown = ChooseIsaFromEnvironment();
  before == nullptr ? ::unsetenv("WINNOW_ISA") : ::setenv("WINNOW_ISA", kept.c_str(), 1);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(unknown.error().hint.find("avx512_vnni"), std::string::npos);
  for (const Isa isa : {Isa::kAvx512Vnni, Isa::kAmx}) {
    const std::vector<Isa> has = SupportedIsas();
    const bool supported = std::find(has.begin(), has.end(), isa) != has.end();
    EXPECT_EQ(ForceIsa(isa).has_value(), supported) << NameOf(isa);
  }
}

TEST(Isa, NamesGoBothWays) {
  for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx2Vnni, Isa::kAvx512, Isa::kAvx512Vnni, Isa::kAmx}) {
    EXPECT_EQ(IsaOfName(NameOf(isa)), isa);
  }
  EXPECT_EQ(IsaOfName("AVX2"), std::nullopt);
}

}  // namespace
}  // namespace winnow
