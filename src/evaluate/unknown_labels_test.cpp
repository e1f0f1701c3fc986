// Texts with labels that the evaluated model does not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/labels.h"
#include "evaluate/metrics.h"

namespace winnow {
namespace {

using testing::ElementsAre;
constexpr double kExact = 1e-12;

// By hand: four texts, of which the last has a label that the model does not have and was decided as 'a'.
TEST(Metrics, ATextWithAnUnknownLabelIsAnError) {
  const std::vector<float> probabilities = {0.9F, 0.1F, 0.2F, 0.8F, 0.3F, 0.7F, 0.8F, 0.2F};
  const std::vector<std::string> labels = {"a", "b"};
  const auto metrics =
      ComputeMetrics(probabilities, std::vector<int32_t>{0, 1, 1, kUnknownLabelId}, labels, {.positive_label = 0});
  ASSERT_TRUE(metrics) << metrics.error().Text();
  EXPECT_EQ(metrics->count, 4);
  EXPECT_EQ(metrics->unknown, 1);
  EXPECT_NEAR(metrics->accuracy, 3.0 / 4, kExact);
  EXPECT_NEAR(metrics->f1_micro, metrics->accuracy, kExact);
  EXPECT_NEAR(metrics->per_class[0].precision, 1.0 / 2, kExact);
  EXPECT_NEAR(metrics->f1_macro, (2.0 / 3 + 1) / 2, kExact);
  EXPECT_NEAR(metrics->f1_weighted, (2.0 / 3 + 2) / 4, kExact);
  EXPECT_NEAR(*metrics->fpr, 1.0 / 3, kExact);
  EXPECT_THAT(metrics->confusion, ElementsAre(1, 0, 0, 2));
  EXPECT_NEAR(*metrics->nll, -(std::log(0.9) + std::log(0.8) + std::log(0.7)) / 3, 1e-6);
  EXPECT_EQ(
      metrics->notes.front(),
      "1 of 4 texts has a label that the model does not have, and counts as an error; brier and nll leave such texts "
      "out");
}

TEST(Metrics, ASetWithAnUnknownLabelIsNotExactlyRight) {
  const std::vector<float> probabilities = {0.9F, 0.1F, 0.8F, 0.7F};
  const std::vector<std::vector<int32_t>> truth = {{kUnknownLabelId, 0}, {0, 1}};
  const auto metrics = ComputeMultiLabelMetrics(probabilities, truth, std::vector<std::string>{"a", "b"});
  ASSERT_TRUE(metrics) << metrics.error().Text();
  EXPECT_NEAR(metrics->accuracy, 0.5, kExact);
  EXPECT_NEAR(metrics->f1_macro, 1, kExact);
  EXPECT_NEAR(metrics->f1_micro, 2.0 * 3 / 7, kExact);
  EXPECT_EQ(metrics->unknown, 1);
  EXPECT_EQ(metrics->notes.front(), "1 of 2 texts has a label that the model does not have, and counts as an error");
  EXPECT_FALSE(ComputeMultiLabelMetrics(probabilities, truth, std::vector<std::string>{"a", "b"}, {}, truth))
      << "no model decides an unknown label";
}

}  // namespace
}  // namespace winnow
