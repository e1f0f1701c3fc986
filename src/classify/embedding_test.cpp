#include "classify/embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

using testing::FloatNear;
using testing::Pointwise;

TEST(Embedding, HasLengthOne) {
  std::vector<float> values = {3, 0, -4};
  Normalize(values);
  EXPECT_THAT(values, Pointwise(FloatNear(1e-6F), std::vector<float>{0.6F, 0, -0.8F}));
  std::vector<float> tiny = {1e-30F, 0};
  Normalize(tiny);
  EXPECT_FLOAT_EQ(tiny[0], 1);
  std::vector<float> zeros(2, 0.0F);
  Normalize(zeros);
  EXPECT_EQ(zeros, std::vector<float>(2, 0.0F));
}

TEST(Embedding, WeightsWindowsByTheirTokens) {
  const std::vector<float> means = {4, 0, 0, 1};
  const std::vector<int32_t> tokens = {3, 16};
  std::vector<float> embedding(2);
  PoolEmbedding(means, tokens, embedding);  // (12, 16) / 20
  EXPECT_THAT(embedding, Pointwise(FloatNear(1e-6F), std::vector<float>{0.6F, 0.8F}));
}

}  // namespace
}  // namespace winnow
