// The messages that come with the project are fit to train on.
#include <gtest/gtest.h>

#include "data/split.h"
#include "support/source_directory.h"

namespace winnow {
namespace {

const std::filesystem::path kExamples = SourceDirectory() / "examples" / "data";

TEST(ExampleMessages, HaveNoDuplicatesAndBothLabelsInEveryPart) {
  SplitReport report;
  const Result<Split> split = ReadSplit({{kExamples / "messages.tsv"}, {}, {}}, {}, {}, report);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_EQ(report.train.rows(), 600u);
  EXPECT_EQ(report.train.label_counts.at("spam"), 240u);
  EXPECT_EQ(report.duplicates.after, 600u);
  EXPECT_EQ(report.train_size, 420u);
  EXPECT_EQ(report.validation_size, 60u);
  EXPECT_EQ(report.test_size, 120u);
}

TEST(ExampleMessages, HaveTextsToClassify) {
  const auto texts = ReadTexts(kExamples / "messages.txt", {});
  ASSERT_TRUE(texts) << texts.error().Text();
  EXPECT_EQ(texts->size(), 8u);
}

}  // namespace
}  // namespace winnow
