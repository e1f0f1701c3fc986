// Rows whose label is not in the label set that the reader was given (ReadOptions::labels).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UnknownLabelsTest : public DatasetFiles {};

TEST_F(UnknownLabelsTest, DropsLabelsOutsideTheList) {
  const auto labels = Write("labels.json", "{\"id2label\": {\"1\": \"ham\", \"0\": \"spam\"}}");
  const auto file = Write("a.tsv", "ham\tone\nspam\ttwo\nother\tthree\nother\tfour\n");
  const Result<Dataset> dataset = Read(file, {.labels_file = labels});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_THAT(dataset->labels.names, ElementsAre("spam", "ham"));
  EXPECT_EQ(dataset->examples[0].labels[0], 1);
  EXPECT_EQ(report_.unknown_labels, (std::map<std::string, size_t>{{"other", 2}}));
  EXPECT_EQ(report_.Dropped(DropReason::kUnknownLabel), 2u);
  EXPECT_EQ(report_.kept(), 2u);
  EXPECT_THAT(report_.Text(), HasSubstr("\nunknown labels: other 2 (--labels: spam, ham)\n"));
  EXPECT_THAT(ErrorOf(file, {.labels = LabelSet{{"x", "y"}}}), HasSubstr("check --labels: x, y"));
  EXPECT_THAT(ErrorOf(file, {.labels = LabelSet{{"x", "y"}}, .labels_source = "labels of the model"}),
              HasSubstr("the rows have the labels ham, other, spam; labels of the model: x, y"));
}

TEST_F(UnknownLabelsTest, KeepsTextsWithUnknownLabelsAsErrorsIfAsked) {
  const auto file = Write("a.tsv", "ham\tone\nspam\ttwo\nother\tthree\nother\tfour\n");
  const Result<Dataset> dataset =
      Read(file, {.labels = LabelSet{{"spam", "ham"}}, .unknown_labels = UnknownLabels::kError});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  ASSERT_EQ(dataset->examples.size(), 4u);
  EXPECT_THAT(dataset->examples[2].labels, ElementsAre(kUnknownLabelId));
  EXPECT_THAT(dataset->examples[2].unknown_labels, ElementsAre("other"));
  EXPECT_THAT(dataset->examples[0].unknown_labels, testing::IsEmpty());
  EXPECT_EQ(report_.unknown_label_texts, 2u);
  EXPECT_EQ(report_.kept(), 4u);
  EXPECT_EQ(report_.Dropped(DropReason::kUnknownLabel), 0u);
  EXPECT_EQ(report_.label_counts, (std::map<std::string, size_t>{{"ham", 1}, {"spam", 1}}));
  EXPECT_THAT(report_.Text(), HasSubstr("other 2 (--labels: spam, ham); 2 texts with such labels count as errors"));
  // Not one text with a known label: the wrong field, or the wrong model.
  EXPECT_THAT(ErrorOf(file, {.labels = LabelSet{{"x", "y"}}, .unknown_labels = UnknownLabels::kError}),
              HasSubstr("check --labels: x, y"));
}

TEST_F(UnknownLabelsTest, KeepsTheKnownLabelsOfATextThatAlsoHasAnUnknownOne) {
  const auto file = Write("a.jsonl",
                          "{\"text\": \"one\", \"label\": [\"b\", \"new\", \"newer\"]}\n"
                          "{\"text\": \"two\", \"label\": [\"a\"]}\n{\"text\": \"three\", \"label\": []}\n");
  ReadOptions options{.labels = LabelSet{{"a", "b"}}, .unknown_labels = UnknownLabels::kError};
  const Result<Dataset> dataset = Read(file, options);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_THAT(dataset->examples[0].labels, ElementsAre(kUnknownLabelId, 1));
  EXPECT_THAT(dataset->examples[0].unknown_labels, ElementsAre("new", "newer"));
  EXPECT_EQ(report_.unknown_label_texts, 1u);
  options.unknown_labels = UnknownLabels::kDrop;
  EXPECT_EQ(Read(file, options)->examples.size(), 2u);
}

TEST_F(UnknownLabelsTest, RefusesUnknownLabelsByNameAndRow) {
  const auto file = Write("a.tsv", "ham\tone\nspam\ttwo\nother\tthree\nrare\tfour\nother\tfive\n");
  const std::string error = ErrorOf(file, {.labels = LabelSet{{"spam", "ham"}},
                                           .labels_source = "labels of the model",
                                           .unknown_labels = UnknownLabels::kRefuse});
  EXPECT_THAT(error, HasSubstr("3 rows have labels that are not among the labels of the model: other (2), rare (1)"));
  EXPECT_THAT(error, HasSubstr("a.tsv, line 3: unknown label 'other'"));
  EXPECT_THAT(error, HasSubstr("a.tsv, line 4: unknown label 'rare'"));
  EXPECT_THAT(error, HasSubstr("--unknown-labels drop"));
}

TEST_F(UnknownLabelsTest, SuggestsTheKnownLabelForAMisspelledOne) {
  const auto file = Write("a.tsv", "ham\tone\nspam\ttwo\nham\tthree\nadvert\tfour\n");
  const Result<Dataset> dataset = Read(file, {.labels = LabelSet{{"spam", "hamm"}}});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_THAT(report_.Text(), HasSubstr("unknown labels: ham 2, advert 1 (--labels: spam, hamm)\n"
                                        "  label 'ham': did you mean 'hamm'?\nlabels: "));
}

}  // namespace
}  // namespace winnow
