#include "store/cached_prediction.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace winnow {
namespace {

TEST(CachedPrediction, IsDecodedAsItWasEncoded) {
  const std::string key = PredictionKey("abc", std::vector<int32_t>{101, 7, 102});
  for (const std::vector<float>& values : {std::vector<float>{}, {0.25f}, {1e-30f, -0.0f, 0.999f}}) {
    std::vector<float> found(values.size());
    EXPECT_TRUE(DecodePrediction(key, EncodePrediction(key, values), found));
    EXPECT_EQ(found, values);
  }
}

TEST(CachedPrediction, KeysTellModelsAndTextsApart) {
  const std::vector<int32_t> ids = {101, 7, 102};
  const std::string key = PredictionKey("abc", ids);
  EXPECT_TRUE(key.starts_with("winnow:abc:"));
  EXPECT_EQ(key, PredictionKey("abc", ids));
  EXPECT_NE(key, PredictionKey("abd", ids));
  EXPECT_NE(key, PredictionKey("abc", std::vector<int32_t>{101, 102, 7}));
  EXPECT_NE(key, PredictionKey("abc", std::vector<int32_t>{101, 7}));
}

TEST(CachedPrediction, AnyDamageIsAMiss) {
  const std::string key = PredictionKey("abc", std::vector<int32_t>{1, 2});
  const std::vector<float> values = {0.25f, 0.75f};
  const std::string bytes = EncodePrediction(key, values);
  std::vector<float> found = {9, 9};
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodePrediction(key, bytes.substr(0, size), found));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      EXPECT_FALSE(DecodePrediction(key, flipped, found)) << at << ", bit " << bit;
    }
  }
  EXPECT_FALSE(DecodePrediction(key, bytes + "x", found));
  EXPECT_FALSE(DecodePrediction(key + "x", bytes, found)) << "another text's";
  std::vector<float> three(3);
  EXPECT_FALSE(DecodePrediction(key, bytes, three));
  const std::vector<float> infinite = {0.5f, std::numeric_limits<float>::infinity()};
  EXPECT_FALSE(DecodePrediction(key, EncodePrediction(key, infinite), found));
  EXPECT_EQ(found, (std::vector<float>{9, 9}));
}

}  // namespace
}  // namespace winnow
