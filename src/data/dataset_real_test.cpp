// Public data sets as they come: row counts of the shared directory's data/README.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "data/dataset.h"
#include "data/split.h"
#include "support/shared.h"
#include "text/segments.h"

namespace winnow {
namespace {

Dataset Read(const std::filesystem::path& file, const ReadOptions& options, ReadReport& report) {
  const std::vector<std::filesystem::path> files = {file};
  Result<Dataset> dataset = ReadDataset(files, options, report);
  EXPECT_TRUE(dataset) << dataset.error().Text();
  return dataset ? *std::move(dataset) : Dataset{};
}

TEST(RealData, SmsSpamCollection) {
  REQUIRE_SHARED(file, "data/sms_spam/SMSSpamCollection");
  ReadReport report;
  Dataset dataset = Read(file, {}, report);
  EXPECT_EQ(report.rows(), 5574u);
  EXPECT_EQ(dataset.examples.size(), 5574u);
  EXPECT_EQ(dataset.labels.names, (std::vector<std::string>{"ham", "spam"}));
  EXPECT_EQ(report.label_counts["spam"], 747u);
  EXPECT_EQ(dataset.examples.back().row, 5574u);
  EXPECT_FALSE(dataset.examples.front().text.ends_with('\r'));

  const DedupeReport duplicates = Deduplicate(dataset);
  // Python: len(rows) - len(set(rows)) and the same with " ".join(text.casefold().split()).
  EXPECT_EQ(duplicates.exact, 403u);
  EXPECT_EQ(duplicates.conflicting_groups, 0u);
  EXPECT_EQ(duplicates.exact + duplicates.normalised + duplicates.after, 5574u);
}

TEST(RealData, Banking77) {
  REQUIRE_SHARED(directory, "data/banking77");
  SplitReport report;
  const Result<Split> split =
      ReadSplit({{directory / "train.csv"}, {}, {directory / "test.csv"}}, {}, {.validation_size = 0.1}, report);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_EQ(report.train.rows(), 10003u);
  EXPECT_EQ(report.train.kept(), 10003u);
  EXPECT_EQ(report.test.kept(), 3080u);
  EXPECT_EQ(split->train.labels.size(), 77u);
  EXPECT_EQ(split->test.examples.size(), 3080u);
  EXPECT_TRUE(split->training_only.empty());
  const Result<LabelSet> labels = ReadLabels(directory / "categories.json");
  ASSERT_TRUE(labels);
  EXPECT_EQ(labels->size(), 77u);
}

TEST(RealData, HateDavidson) {
  REQUIRE_SHARED(file, "data/hate_davidson/labeled_data.csv");
  ReadReport report;
  const Dataset dataset = Read(file, {}, report);
  EXPECT_EQ(report.rows(), 24783u);
  EXPECT_EQ(dataset.examples.size(), 24783u);
  EXPECT_FALSE(dataset.multi_label);
  EXPECT_EQ(report.label_counts, (std::map<std::string, size_t>{{"0", 1430}, {"1", 19190}, {"2", 4163}}));
  EXPECT_EQ(report.files[0].text_field, "tweet");
}

TEST(RealData, JigsawIsMultiLabel) {
  REQUIRE_SHARED(file, "data/jigsaw_toxic/jigsaw_merged_unique.csv");
  ReadReport report;
  const Dataset dataset = Read(file, {}, report);
  EXPECT_EQ(dataset.examples.size(), 6930u);
  EXPECT_TRUE(dataset.multi_label);
  EXPECT_EQ(report.label_counts, (std::map<std::string, size_t>{{"toxic", 962},
                                                                {"severe_toxic", 121},
                                                                {"obscene", 521},
                                                                {"threat", 36},
                                                                {"insult", 497},
                                                                {"identity_hate", 94}}));
  EXPECT_EQ(std::ranges::count_if(dataset.examples, [](const Example& e) { return !e.labels.empty(); }), 1000);

  const Result<Split> split = StratifiedSplit(dataset, {});
  ASSERT_TRUE(split);
  for (const Dataset* part : {&split->train, &split->validation, &split->test}) {
    const double share = static_cast<double>(part->examples.size()) / 6930.0;
    for (int32_t label = 0; label < 6; ++label) {
      const auto count = std::ranges::count_if(
          part->examples, [&](const Example& e) { return std::ranges::find(e.labels, label) != e.labels.end(); });
      const auto all = static_cast<double>(report.label_counts[dataset.labels.names[static_cast<size_t>(label)]]);
      EXPECT_NEAR(static_cast<double>(count), share * all, 2.0 + 0.02 * all)
          << dataset.labels.names[static_cast<size_t>(label)];
    }
  }
}

TEST(RealData, Newsgroups) {
  REQUIRE_SHARED(file, "data/newsgroups20/20news_8label_short.tsv.gz");
  ReadReport report;
  ReadOptions options;
  options.template_text = "{subject} [SEP] {body:400}";
  const Dataset dataset = Read(file, options, report);
  EXPECT_EQ(report.rows(), 7833u);
  EXPECT_EQ(dataset.examples.size(), 7833u);
  EXPECT_EQ(dataset.labels.size(), 8u);
  EXPECT_TRUE(report.files[0].gzip);
  EXPECT_EQ(std::ranges::count(dataset.examples[0].text, kSegmentSeparator), 1);
  options.filter = "split=training";
  EXPECT_EQ(Read(file, options, report).examples.size(), 4702u);
}

TEST(RealData, EnronSpam) {
  REQUIRE_SHARED(file, "data/enron_spam/enron1.tsv.gz");
  ReadReport report;
  ReadOptions options;
  options.template_text = "{subject} [SEP] {body}";
  const Dataset dataset = Read(file, options, report);
  EXPECT_EQ(report.rows(), 5172u);
  EXPECT_EQ(report.Dropped(DropReason::kEmptyText), 16u);  // neither subject nor body
  EXPECT_EQ(report.Dropped(DropReason::kUnreadable), 0u);
  EXPECT_EQ(dataset.examples.size(), 5156u);
  options.labels = LabelSet{{"ham", "spam"}};
  EXPECT_EQ(Read(file, options, report).examples.size(), 5156u);
}

TEST(RealData, Clinc150) {
  REQUIRE_SHARED(file, "data/clinc150/data_full.json");
  ReadReport report;
  EXPECT_EQ(Read(file, {}, report).labels.size(), 151u);
  EXPECT_EQ(report.rows(), 23700u);
  ReadOptions options;
  options.filter = "split=train";
  const Dataset train = Read(file, options, report);
  EXPECT_EQ(train.examples.size(), 15000u);
  EXPECT_EQ(train.labels.size(), 150u);
  options.filter = "split=test";
  EXPECT_EQ(Read(file, options, report).examples.size(), 4500u);
}

TEST(RealData, EnronCategoriesAreReadAsTextsOnly) {
  REQUIRE_SHARED(file, "data/email_triage/enron_with_categories.jsonl");
  ReadOptions options;
  options.template_text = "{subject} [SEP] {body:400}";
  const auto texts = ReadTexts(file, options);
  ASSERT_TRUE(texts) << texts.error().Text();
  EXPECT_EQ(texts->size(), 1702u);
  // Its categories are lists of triples: no label that could be read without being told how.
  ReadReport report;
  const std::vector<std::filesystem::path> files = {file};
  const auto dataset = ReadDataset(files, options, report);
  ASSERT_FALSE(dataset);
  EXPECT_NE(dataset.error().hint.find("cats"), std::string::npos) << dataset.error().Text();
}

}  // namespace
}  // namespace winnow
