// Labels that are shares of several labels, such as the votes of annotators.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;

class SoftLabelsTest : public DatasetFiles {};

TEST_F(SoftLabelsTest, SharesOfLabelsAreReadAndMadeOne) {
  const auto file = Write("votes.jsonl",
                          "{\"text\": \"one\", \"label\": {\"spam\": 3, \"ham\": 1}}\n"
                          "{\"text\": \"two\", \"label\": {\"spam\": 0, \"ham\": 0.5}}\n"
                          "{\"text\": \"three\", \"label\": \"spam\"}\n"
                          "{\"text\": \"four\", \"label\": {\"spam\": -1, \"ham\": 2}}\n"
                          "{\"text\": \"five\", \"label\": {\"spam\": 0}}\n");
  const Result<Dataset> dataset = Read(file);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_FALSE(dataset->multi_label);
  EXPECT_EQ(dataset->labels.names, (std::vector<std::string>{"ham", "spam"}));
  ASSERT_EQ(dataset->examples.size(), 3u);
  EXPECT_EQ(dataset->examples[0].shares, (std::vector<std::pair<int32_t, float>>{{0, .25f}, {1, .75f}}));
  EXPECT_EQ(dataset->examples[0].labels, std::vector<int32_t>{1});
  EXPECT_EQ(dataset->examples[1].shares, (std::vector<std::pair<int32_t, float>>{{0, 1.0f}}));
  EXPECT_TRUE(dataset->examples[2].shares.empty());
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 1u);
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 1u);
}

TEST_F(SoftLabelsTest, ALabelMapJoinsLabelsAndTheirShares) {
  ReadOptions options;
  options.label_map = {{"hate", "bad"}, {"offensive", "bad"}, {"neither", "good"}};
  const auto file = Write("votes.jsonl",
                          "{\"text\": \"one\", \"label\": {\"hate\": 0.3, \"offensive\": 0.3, \"neither\": 0.4}}\n"
                          "{\"text\": \"two\", \"label\": \"neither\"}\n"
                          "{\"text\": \"three\", \"label\": \"offensive\"}\n");
  const Result<Dataset> dataset = Read(file, options);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_EQ(dataset->labels.names, (std::vector<std::string>{"bad", "good"}));
  EXPECT_EQ(dataset->examples[0].labels, std::vector<int32_t>{0});
  ASSERT_EQ(dataset->examples[0].shares.size(), 2u);
  EXPECT_FLOAT_EQ(dataset->examples[0].shares[0].second, .6f);
  EXPECT_EQ(dataset->examples[1].labels, std::vector<int32_t>{1});
  EXPECT_EQ(dataset->examples[2].labels, std::vector<int32_t>{0});
}

TEST_F(SoftLabelsTest, ASoftLabelIsUnknownIfItsLargestShareIs) {
  const auto file = Write("a.jsonl",
                          "{\"text\": \"one\", \"label\": {\"a\": 0.4, \"x\": 0.3, \"y\": 0.3}}\n"
                          "{\"text\": \"two\", \"label\": {\"a\": 0.4, \"x\": 0.6}}\n");
  const Result<Dataset> dataset = Read(file, {.labels = LabelSet{{"a", "b"}}, .unknown_labels = UnknownLabels::kError});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_THAT(dataset->examples[0].labels, ElementsAre(0));
  EXPECT_THAT(dataset->examples[1].labels, ElementsAre(kUnknownLabelId));
  EXPECT_EQ(report_.unknown_label_texts, 1u);
}

}  // namespace
}  // namespace winnow
