#include "kernels/embedding.h"

#include <gtest/gtest.h>

#include "support/numbers.h"

namespace winnow {
namespace {

TEST(Embedding, SumsTheThreeTables) {
  const std::vector<int32_t> ids = {3, 0, 3, 6};
  for (const size_t n : SweepSizes()) {
    const auto words = RandomFloats(7 * n, 1), positions = RandomFloats(5 * n, 2), segment = RandomFloats(n, 3);
    for (const bool with_segment : {false, true}) {
      GuardedFloats out(ids.size() * n);
      EmbedText(ids.size(), n, ids.data(), words.data(), positions.data(), with_segment ? segment.data() : nullptr,
                out.data());
      for (size_t t = 0; t < ids.size(); ++t) {
        for (size_t i = 0; i < n; ++i) {
          float expected = words[static_cast<size_t>(ids[t]) * n + i] + positions[t * n + i];
          if (with_segment) expected += segment[i];
          ASSERT_EQ(out[t * n + i], expected);
        }
      }
      EXPECT_TRUE(out.intact());
    }
  }
}

TEST(AddTo, AddsEveryElementAndNoMore) {
  for (const size_t n : SweepSizes()) {
    const auto from = RandomFloats(n, 1), to = RandomFloats(n, 2);
    GuardedFloats sum(to);
    AddTo(n, from.data(), sum.data());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(sum[i], to[i] + from[i]);
    EXPECT_TRUE(sum.intact());
  }
}

}  // namespace
}  // namespace winnow
