#include "kernels/embedding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/reference/embedding.h"
#include "support/numbers.h"

namespace winnow {
namespace {

constexpr size_t kVocabulary = 7;
const std::vector<int32_t> kIds = {3, 0, 3, 6};  // the first and the last word, and one twice

TEST(EmbedText, EqualsTheReferenceForEverySize) {
  for (const size_t n : SweepSizes()) {
    const auto words = RandomFloats(kVocabulary * n, 1), positions = RandomFloats(kIds.size() * n, 2);
    const auto segment = RandomFloats(n, 3);
    for (const bool with_positions : {false, true}) {
      for (const bool with_segment : {false, true}) {
        const float* p = with_positions ? positions.data() : nullptr;
        const float* s = with_segment ? segment.data() : nullptr;
        GuardedFloats out(kIds.size() * n);
        std::vector<float> expected(kIds.size() * n);
        EmbedText(kIds.size(), n, kIds.data(), words.data(), p, s, out.data());
        reference::EmbedText(kIds.size(), n, kIds.data(), words.data(), nullptr, p, s, expected.data());
        for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(out[i], expected[i]) << n;
        EXPECT_TRUE(out.intact()) << n;
      }
    }
  }
}

TEST(EmbedTextOfBytes, EqualsTheReferenceForEverySize) {
  for (const size_t n : SweepSizes()) {
    std::vector<int8_t> words(kVocabulary * n);
    for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<int8_t>(static_cast<int>(i * 89 % 256) - 128);
    const std::vector<float> scales = {0.01f, 1.0f, 2.0f, 0.0003f, 4.0f, 5.0f, 100.0f};
    const auto positions = RandomFloats(kIds.size() * n, 2);
    for (const float* p : {static_cast<const float*>(nullptr), positions.data()}) {
      GuardedFloats out(kIds.size() * n);
      std::vector<float> expected(kIds.size() * n);
      EmbedTextOfBytes(kIds.size(), n, kIds.data(), words.data(), scales.data(), p, out.data());
      reference::EmbedText(kIds.size(), n, kIds.data(), words.data(), scales.data(), p, nullptr, expected.data());
      for (size_t i = 0; i < expected.size(); ++i) {
        // The reference rounds the product before it adds the position; a fused multiplication and addition does not.
        const float largest = 128 * scales[static_cast<size_t>(kIds[i / n])];
        ASSERT_NEAR(out[i], expected[i], p == nullptr ? 0.0f : 6e-8f * largest + 1.2e-7f * std::abs(expected[i])) << n;
      }
      EXPECT_TRUE(out.intact()) << n;
    }
  }
}

TEST(EmbedTextOfBytes, WithoutTokensWritesNothing) {
  GuardedFloats out(0);
  EmbedTextOfBytes(0, 384, nullptr, nullptr, nullptr, nullptr, out.data());
  EmbedText(0, 384, nullptr, nullptr, nullptr, nullptr, out.data());
  EXPECT_TRUE(out.intact());
}

}  // namespace
}  // namespace winnow
