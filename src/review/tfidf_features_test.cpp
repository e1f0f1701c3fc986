#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "base/threads.h"
#include "linear/features.h"
#include "review/text_features.h"

namespace winnow {
namespace {

TEST(TfidfFeatures, AreUnitRowsThatDoNotDependOnThreads) {
  const std::vector<std::string_view> texts = {"a lost card",          "my card is lost", "send money to my bank",
                                               "the bank sends money", "rain and snow",   "snow, then rain"};
  const TextFeatures one = TfidfFeatures(texts, 4, 1, {}).value(), two = TfidfFeatures(texts, 4, 2, {}).value();
  ASSERT_EQ(one.columns, 4u);
  EXPECT_EQ(one.values, two.values);
  const auto dot = [&](size_t a, size_t b) {
    float sum = 0;
    for (size_t c = 0; c < 4; ++c) sum += one.values[a * 4 + c] * one.values[b * 4 + c];
    return sum;
  };
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_NEAR(dot(i, i), 1, 1e-4);
  EXPECT_GT(dot(0, 1), dot(0, 4));
  EXPECT_GT(dot(2, 3), dot(2, 5));
}

/// The cosine of two rows, whose columns are in order.
double Cosine(const SparseRows& rows, size_t a, size_t b) {
  double dot = 0, squares_a = 0, squares_b = 0;
  for (size_t i = rows.begins[a]; i < rows.begins[a + 1]; ++i) {
    squares_a += std::pow(static_cast<double>(rows.values[i]), 2);
    for (size_t j = rows.begins[b]; j < rows.begins[b + 1]; ++j) {
      if (rows.columns[i] == rows.columns[j]) dot += static_cast<double>(rows.values[i] * rows.values[j]);
    }
  }
  for (size_t j = rows.begins[b]; j < rows.begins[b + 1]; ++j)
    squares_b += std::pow(static_cast<double>(rows.values[j]), 2);
  return dot / std::sqrt(squares_a * squares_b);
}

TEST(TfidfFeatures, OfAsManyColumnsAsTextsKeepTheCosines) {
  constexpr size_t kTexts = 50;  // several blocks of the Gram-Schmidt process
  std::vector<std::string> made;
  for (size_t i = 0; i < kTexts; ++i) {
    made.push_back("word" + std::to_string(i * 7919) + " of " + std::to_string(i % 7) + " and " +
                   std::to_string(i * i));
  }
  const std::vector<std::string_view> texts(made.begin(), made.end());
  ThreadPool pool(1);
  const FeatureOptions options{.analyzer = Analyzer::kBoth,
                               .min_ngram = 1,
                               .max_ngram = 2,
                               .min_char_ngram = 2,
                               .max_char_ngram = 4,
                               .max_features = 20000,
                               .sublinear = true};
  const SparseRows rows = Vectorizer::Fit(texts, options, pool).value().rows;
  const TextFeatures features = TfidfFeatures(texts, kTexts, 2, {}).value();
  ASSERT_EQ(features.columns, kTexts);
  for (size_t a = 0; a < kTexts; ++a) {
    for (size_t b = 0; b < kTexts; ++b) {
      double dot = 0;
      for (size_t c = 0; c < kTexts; ++c) {
        dot += static_cast<double>(features.values[a * kTexts + c] * features.values[b * kTexts + c]);
      }
      EXPECT_NEAR(dot, Cosine(rows, a, b), 1e-5) << made[a] << ", " << made[b];
    }
  }
}

}  // namespace
}  // namespace winnow
