#include "review/dense_head.h"

#include <gmock/gmock.h>

#include "base/random.h"

namespace winnow {
namespace {

using testing::FloatNear;

constexpr size_t kColumns = 3;
const std::vector<float> kRows = {1,   0,    .5f,  .9f, .2f, .1f, .8f,  -.1f, .3f, 0,   1,   .2f,
                                  .1f, .9f,  -.3f, .3f, .7f, .4f, -.2f, .1f,  1,   .2f, .3f, .8f,
                                  .1f, -.4f, .9f,  .5f, .5f, .1f, .6f,  .1f,  .6f, .2f, .6f, .7f};
const std::vector<int32_t> kLabels = {0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 0, 2};

DenseRows Rows() { return {kRows, kColumns}; }

std::vector<HeadExample> Examples() {
  std::vector<HeadExample> examples;
  for (size_t i = 0; i < kLabels.size(); ++i) examples.push_back({i, kLabels[i], i == 9 ? .3f : 1.0f});
  return examples;
}

/// 300 rows around one center per label.
std::vector<float> Clouds(size_t columns, size_t labels, std::vector<HeadExample>& examples) {
  Random random(7, "clouds");
  std::vector<float> values;
  for (size_t i = 0; i < 300; ++i) {
    const auto label = static_cast<int32_t>(i % labels);
    for (size_t c = 0; c < columns; ++c) {
      values.push_back((c == i % labels ? 1.0f : 0.0f) + .3f * static_cast<float>(random.Normal()));
    }
    examples.push_back({i, label, 1});
  }
  return values;
}

TEST(DenseHead, HasTheWeightsOfScikitLearn) {
  // LogisticRegression(C=10, tol=1e-12, max_iter=100000) of scikit-learn 1.8 with sample_weight; the mean of intercept_
  // subtracted.
  const DenseHead head = FitHead(Rows(), Examples(), 3, {.C = 10, .max_iterations = 1000, .tolerance = 1e-9}).value();
  const std::vector<float> weights = {2.88068f,  -1.66594f, -.59232f, -.76892f, 2.2922f,
                                      -1.96422f, -2.11176f, -.62627f, 2.55654f};
  const std::vector<float> bias = {-.19015f, .26301f, -.07286f};
  ASSERT_EQ(head.weights.size(), weights.size());
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_THAT(head.weights[i], FloatNear(weights[i], 3e-3f)) << i;
  for (size_t i = 0; i < bias.size(); ++i) EXPECT_THAT(head.bias[i], FloatNear(bias[i], 3e-3f)) << i;
  std::vector<float> probabilities(kLabels.size() * 3);
  HeadProbabilities(head, Rows(), probabilities);
  EXPECT_THAT(probabilities[3 * 3 + 1], FloatNear(.899829f, 1e-3f));
  EXPECT_THAT(probabilities[9 * 3 + 0], FloatNear(.355383f, 1e-3f));
}

TEST(DenseHead, FromAnEarlierHeadIsTheHeadFromNothing) {
  std::vector<HeadExample> examples;
  const std::vector<float> values = Clouds(20, 5, examples);
  const DenseRows rows{values, 20};
  const HeadOptions options{.max_iterations = 1000, .tolerance = 1e-8};
  const DenseHead early = FitHead(rows, std::span(examples).first(100), 5, options).value();
  const DenseHead from_early = FitHead(rows, examples, 5, options, &early).value();
  const DenseHead from_nothing = FitHead(rows, examples, 5, options).value();
  for (size_t i = 0; i < from_nothing.weights.size(); ++i) {
    EXPECT_NEAR(from_early.weights[i], from_nothing.weights[i], 5e-3) << i;
  }
}

TEST(DenseHead, GivesLabelsWithoutExamplesNoProbability) {
  std::vector<HeadExample> examples = Examples();
  std::erase_if(examples, [](const HeadExample& each) { return each.label == 1; });
  const DenseHead head = FitHead(Rows(), examples, 3, {}).value();
  std::vector<float> probabilities(kLabels.size() * 3);
  HeadProbabilities(head, Rows(), probabilities);
  for (size_t i = 0; i < kLabels.size(); ++i) {
    EXPECT_EQ(probabilities[i * 3 + 1], 0);
    EXPECT_NEAR(probabilities[i * 3] + probabilities[i * 3 + 2], 1, 1e-5);
  }
}

TEST(DenseHead, IsSureOfTheOnlyLabel) {
  const std::vector<HeadExample> one = {{0, 2, 1}};
  const DenseHead head = FitHead(Rows(), one, 3, {}).value();
  std::vector<float> probabilities(kLabels.size() * 3);
  HeadProbabilities(head, Rows(), probabilities);
  EXPECT_EQ(probabilities[2], 1);
  EXPECT_EQ(probabilities[0], 0);
}

TEST(DenseHead, RefusesExamplesOutOfRange) {
  const std::vector<HeadExample> none, wrong_label = {{0, 3, 1}}, wrong_row = {{12, 0, 1}};
  EXPECT_EQ(FitHead(Rows(), none, 3, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FitHead(Rows(), wrong_label, 3, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FitHead(Rows(), wrong_row, 3, {}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
