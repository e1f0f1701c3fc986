#include "store/cached_answer.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace winnow {
namespace {

TEST(CachedAnswer, IsDecodedAsItWasEncoded) {
  const std::string key = AnswerKey("abc", std::vector<int32_t>{101, 7, 102});
  for (const std::vector<float>& values : {std::vector<float>{}, {0.25f}, {1e-30f, -0.0f, 0.999f}}) {
    std::vector<float> found(values.size());
    EXPECT_TRUE(DecodeAnswer(key, EncodeAnswer(key, values), found));
    EXPECT_EQ(found, values);
  }
}

TEST(CachedAnswer, KeysTellModelsAndTextsApart) {
  const std::vector<int32_t> ids = {101, 7, 102};
  const std::string key = AnswerKey("abc", ids);
  EXPECT_TRUE(key.starts_with("winnow:abc:"));
  EXPECT_EQ(key, AnswerKey("abc", ids));
  EXPECT_NE(key, AnswerKey("abd", ids));
  EXPECT_NE(key, AnswerKey("abc", std::vector<int32_t>{101, 102, 7}));
  EXPECT_NE(key, AnswerKey("abc", std::vector<int32_t>{101, 7}));
}

TEST(CachedAnswer, AnyDamageIsAMiss) {
  const std::string key = AnswerKey("abc", std::vector<int32_t>{1, 2});
  const std::vector<float> values = {0.25f, 0.75f};
  const std::string bytes = EncodeAnswer(key, values);
  std::vector<float> found = {9, 9};
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeAnswer(key, bytes.substr(0, size), found));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      EXPECT_FALSE(DecodeAnswer(key, flipped, found)) << at << ", bit " << bit;
    }
  }
  EXPECT_FALSE(DecodeAnswer(key, bytes + "x", found));
  EXPECT_FALSE(DecodeAnswer(key + "x", bytes, found)) << "another text's";
  std::vector<float> three(3);
  EXPECT_FALSE(DecodeAnswer(key, bytes, three));
  const std::vector<float> infinite = {0.5f, std::numeric_limits<float>::infinity()};
  EXPECT_FALSE(DecodeAnswer(key, EncodeAnswer(key, infinite), found));
  EXPECT_EQ(found, (std::vector<float>{9, 9}));
}

}  // namespace
}  // namespace winnow
