#include "data/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "data/random.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Numbered(std::string name, uint64_t number) { return name.append(std::to_string(number)); }

Dataset Make(const std::vector<std::pair<std::string, size_t>>& counts) {
  Dataset dataset;
  for (const auto& [name, count] : counts) {
    const auto id = static_cast<int32_t>(dataset.labels.size());
    dataset.labels.names.push_back(name);
    for (size_t i = 0; i < count; ++i) dataset.examples.push_back({Numbered(name + " ", i), {id}, "f", i + 1});
  }
  return dataset;
}

size_t Count(const Dataset& dataset, int32_t label) {
  return static_cast<size_t>(std::ranges::count_if(
      dataset.examples, [&](const Example& e) { return std::ranges::find(e.labels, label) != e.labels.end(); }));
}

std::vector<std::string> Texts(const Dataset& dataset) {
  std::vector<std::string> texts;
  for (const Example& example : dataset.examples) texts.push_back(example.text);
  return texts;
}

// Vigna's splitmix64.c, seed 1234567.
TEST(SplitMix64, GivesThePublishedNumbers) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(Split, LeavesTwoOfThreeTextsForTraining) {
  const auto counts = [](const Dataset& dataset, const SplitOptions& options) {
    const Result<Split> split = StratifiedSplit(dataset, options);
    EXPECT_TRUE(split) << split.error().Text();
    return std::array{Count(split->train, 1), Count(split->validation, 1), Count(split->test, 1)};
  };
  const Dataset dataset = Make({{"a", 50}, {"b", 3}});
  EXPECT_THAT(counts(dataset, {}), ElementsAre(2u, 0u, 1u));
  EXPECT_THAT(counts(dataset, {.test_size = 0}), ElementsAre(2u, 1u, 0u));
  EXPECT_THAT(counts(dataset, {.validation_size = 0}), ElementsAre(2u, 0u, 1u));
  EXPECT_THAT(counts(Make({{"a", 50}, {"b", 4}}), {}), ElementsAre(2u, 1u, 1u));
  // No part may be empty: with one class of three texts alone, each part has one of them.
  EXPECT_THAT(counts(Make({{"a", 1}, {"b", 3}}), {}), ElementsAre(1u, 1u, 1u));
}

TEST(Split, LeavesTwoForTrainingIfAllLabelsHaveThreeTexts) {
  std::vector<std::pair<std::string, size_t>> sizes;
  for (int i = 0; i < 10; ++i) sizes.emplace_back("label" + std::to_string(i), 3);
  for (const uint64_t seed : {42u, 1u, 2u}) {
    const Result<Split> split = StratifiedSplit(Make(sizes), {.seed = seed});
    ASSERT_TRUE(split) << split.error().Text();
    EXPECT_EQ(split->validation.examples.size(), 3u);
    EXPECT_EQ(split->test.examples.size(), 7u);
    for (int32_t label = 0; label < 10; ++label) EXPECT_EQ(Count(split->train, label), 2u) << label;
  }
  const Result<Split> two = StratifiedSplit(Make({{"a", 3}, {"b", 3}}), {});
  ASSERT_TRUE(two) << two.error().Text();
  EXPECT_EQ(two->train.examples.size(), 4u);
  EXPECT_EQ(two->validation.examples.size(), 1u);
  EXPECT_EQ(two->test.examples.size(), 1u);
}

TEST(Split, KeepsEveryClassInEveryPart) {
  const Result<Split> split = StratifiedSplit(Make({{"a", 700}, {"b", 297}, {"c", 3}}), {});
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_EQ(Count(split->test, 0), 140u);
  EXPECT_EQ(Count(split->test, 1), 59u);
  EXPECT_EQ(Count(split->test, 2), 1u);
  EXPECT_EQ(Count(split->validation, 0), 70u);
  EXPECT_EQ(Count(split->validation, 2), 0u) << "two of three texts are left for training";
  EXPECT_EQ(Count(split->train, 2), 2u);
  EXPECT_THAT(split->training_only, IsEmpty());
  std::set<std::string> all;
  for (const Dataset* part : {&split->train, &split->validation, &split->test}) {
    for (const Example& example : part->examples) EXPECT_TRUE(all.insert(example.text).second);
    EXPECT_EQ(part->labels.size(), 3u);
  }
  EXPECT_EQ(all.size(), 1000u);
}

TEST(Split, TrainsOnClassesThatAreTooSmall) {
  const Result<Split> split = StratifiedSplit(Make({{"a", 50}, {"b", 2}, {"c", 1}}), {});
  ASSERT_TRUE(split);
  EXPECT_THAT(split->training_only, ElementsAre("b", "c"));
  EXPECT_EQ(Count(split->train, 1), 2u);
  EXPECT_EQ(Count(split->train, 2), 1u);
}

TEST(Split, IsTheSameForTheSameSeedOnly) {
  const Dataset dataset = Make({{"a", 6}, {"b", 6}});
  const auto test = [&](uint64_t seed) {
    return Texts(StratifiedSplit(dataset, {.test_size = 0.34, .validation_size = 0, .seed = seed})->test);
  };
  EXPECT_NE(test(42), test(43));
  // Written down, so that no platform and no later change gives other parts without being noticed.
  EXPECT_THAT(test(42), ElementsAre("a 0", "a 1", "b 2", "b 3"));
}

TEST(Split, DealsOutAnySizesWithoutLosingTexts) {
  SplitMix64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, size_t>> counts;
    size_t total = 0;
    for (uint64_t c = 0; c < 1 + random.Below(6); ++c) {
      counts.emplace_back(Numbered("c", c), 3 + random.Below(40));
      total += counts.back().second;
    }
    const SplitOptions options{.test_size = 0.01 + 0.4 * static_cast<double>(random.Below(100)) / 100,
                               .validation_size = 0.01 + 0.4 * static_cast<double>(random.Below(100)) / 100,
                               .seed = random.Next()};
    const Result<Split> split = StratifiedSplit(Make(counts), options);
    ASSERT_TRUE(split) << split.error().Text();
    EXPECT_EQ(split->train.examples.size() + split->validation.examples.size() + split->test.examples.size(), total);
    for (size_t c = 0; c < counts.size(); ++c) {
      const auto label = static_cast<int32_t>(c);
      EXPECT_GE(Count(split->train, label), 1u);
      // Of three texts none is held out for validation, unless the part would be empty.
      EXPECT_GE(Count(split->validation, label), counts[c].second > 3 ? 1u : 0u);
      EXPECT_GE(Count(split->test, label), 1u);
    }
  }
}

TEST(Split, KeepsLabelsOfMultiLabelSetsInProportion) {
  Dataset dataset;
  dataset.multi_label = true;
  dataset.labels.names = {"a", "b", "c", "rare"};
  for (size_t i = 0; i < 1000; ++i) {
    Example example{Numbered("text ", i), {}, "f", i};
    if (i % 2 == 0) example.labels.push_back(0);
    if (i % 5 == 0) example.labels.push_back(1);
    if (i % 50 == 0) example.labels.push_back(2);
    if (i == 17 || i == 18) example.labels.push_back(3);
    dataset.examples.push_back(std::move(example));
  }
  const Result<Split> split = StratifiedSplit(dataset, {});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->test.examples.size(), 200u);
  EXPECT_EQ(split->validation.examples.size(), 100u);
  EXPECT_EQ(Count(split->test, 0), 100u);
  EXPECT_EQ(Count(split->test, 1), 40u);
  EXPECT_EQ(Count(split->test, 2), 4u);
  EXPECT_EQ(Count(split->train, 3), 2u);
  EXPECT_THAT(split->training_only, ElementsAre("rare"));
}

TEST(Split, RefusesSizesThatMakeNoSense) {
  const Dataset dataset = Make({{"a", 5}, {"b", 5}});
  for (const SplitOptions& bad : {SplitOptions{1.0, 0}, SplitOptions{-0.1, 0}, SplitOptions{0.5, 0.5},
                                  SplitOptions{std::numeric_limits<double>::quiet_NaN(), 0}}) {
    const Result<Split> split = StratifiedSplit(dataset, bad);
    ASSERT_FALSE(split);
    EXPECT_EQ(split.error().code, ErrorCode::kInvalidArgument);
  }
  const Result<Split> few = StratifiedSplit(Make({{"a", 1}, {"b", 2}}), {});
  ASSERT_FALSE(few);
  EXPECT_THAT(few.error().Text(), HasSubstr("3 texts are too few"));
}

TEST(Deduplicate, DropsExactAndNormalisedCopies) {
  Dataset dataset = Make({{"ham", 0}, {"spam", 0}});
  for (const char* text : {"Call me", "call  ME", "Call me", "CALL ME\t", "call me 2", "caf\u00e9", "CAFE\u0301"}) {
    dataset.examples.push_back({text, {0}, "f", dataset.examples.size() + 1});
  }
  const DedupeReport report = Deduplicate(dataset);
  EXPECT_THAT(Texts(dataset), ElementsAre("Call me", "call me 2", "caf\u00e9"));
  EXPECT_EQ(report.before, 7u);
  EXPECT_EQ(report.after, 3u);
  EXPECT_EQ(report.exact, 1u);
  EXPECT_EQ(report.normalised, 3u);
  EXPECT_EQ(report.conflicting, 0u);
}

TEST(Deduplicate, KeepsTheMajorityAndDropsTies) {
  Dataset dataset = Make({{"ham", 0}, {"spam", 0}});
  const std::pair<const char*, int32_t> rows[] = {{"win", 0}, {"win", 1}, {"Win", 1},
                                                  {"tie", 0}, {"tie", 1}, {"ok", 0}};
  for (const auto& [text, label] : rows) dataset.examples.push_back({text, {label}, "f", dataset.examples.size() + 1});
  const DedupeReport report = Deduplicate(dataset);
  EXPECT_THAT(Texts(dataset), ElementsAre("win", "ok"));
  EXPECT_EQ(dataset.examples[0].labels[0], 1);
  EXPECT_EQ(dataset.examples[0].row, 2u);
  EXPECT_EQ(report.conflicting_groups, 2u);
  EXPECT_EQ(report.conflicting, 3u);
  EXPECT_EQ(report.normalised, 1u);
  EXPECT_EQ(report.after + report.exact + report.normalised + report.conflicting, report.before);
  EXPECT_THAT(report.examples[0], HasSubstr("f:1 ham; f:2 spam"));
}

class ReadSplitTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, std::string_view contents) {
    EXPECT_TRUE(WriteFileAtomically(directory_.path() / name, contents));
    return directory_.path() / name;
  }
  TemporaryDirectory directory_;
  SplitReport report_;
};

TEST_F(ReadSplitTest, TakesHeldOutTextsOutOfTraining) {
  const auto train = Write("train.tsv", "ham\tone x\nham\ttwo x\nspam\tthree x\nspam\tfour x\nham\tfive x\n");
  const auto validation = Write("validation.tsv", "ham\tTWO x\nspam\tsix x\nham\tseven x\n");
  const auto test = Write("test.tsv", "ham\tone  x\nspam\tsix x\n");
  const Result<Split> split = ReadSplit({{train}, {validation}, {test}}, {}, {}, report_);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_THAT(Texts(split->train), ElementsAre("three x", "four x", "five x"));
  EXPECT_THAT(Texts(split->validation), ElementsAre("TWO x", "seven x"));
  EXPECT_THAT(Texts(split->test), ElementsAre("one  x", "six x"));
  EXPECT_EQ(report_.train_leaks, 2u);
  EXPECT_EQ(report_.validation_leaks, 1u);
  EXPECT_THAT(report_.Text(), HasSubstr("2 training texts are also in a held-out file"));
  EXPECT_THAT(report_.ToJson().dump(2), HasSubstr("\"train_leaks\": 2"));
}

TEST_F(ReadSplitTest, TellsOfTestTextsThatDifferFromTrainingTextsInNumbersOnly) {
  const auto train =
      Write("train.tsv", "ham\tYour order 17 has been shipped\nspam\tClaim prize 2 by calling 0900\nham\tno number\n");
  const auto test =
      Write("test.tsv", "ham\tyour order 4711 has  been shipped\nspam\tClaim prize now by calling 0900\nham\tcall 7\n");
  ASSERT_TRUE(ReadSplit({{train}, {}, {test}}, {}, {.validation_size = 0}, report_));
  EXPECT_EQ(report_.test_variants, 1u);
  EXPECT_THAT(report_.Text(), HasSubstr("1 of 3 test texts equal a training text except for their numbers"));
}

TEST_F(ReadSplitTest, NamesLabelsThatTrainingLacks) {
  const auto train = Write("train.tsv", "ham\tone x\nspam\ttwo x\nham\tthree x\nspam\tfour x\neggs\tfive x\n");
  const auto test = Write("test.tsv", "ham\tsix x\njunk\tseven x\njunk\teight x\n");
  ReadOptions options;
  options.unknown_labels = UnknownLabels::kRefuse;
  const Result<Split> refused = ReadSplit({{train}, {}, {test}}, options, {.validation_size = 0}, report_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(
      refused.error().Text(),
      HasSubstr("the test part: 2 rows have labels that are not among the labels of the training part: junk (2)"));

  options.unknown_labels = UnknownLabels::kError;
  const Result<Split> errors = ReadSplit({{train}, {}, {test}}, options, {.validation_size = 0}, report_);
  ASSERT_TRUE(errors) << errors.error().Text();
  EXPECT_THAT(Texts(errors->test), ElementsAre("six x", "seven x", "eight x"));
  EXPECT_THAT(errors->test.examples[1].labels, ElementsAre(kUnknownLabelId));
  const Result<Split> validated = ReadSplit({{train}, {test}, {}}, options, {.test_size = 0}, report_);
  ASSERT_FALSE(validated) << "an epoch cannot be chosen by texts that no model can get right";
  EXPECT_THAT(validated.error().Text(), HasSubstr("leave the rows out with --unknown-labels drop"));

  options.unknown_labels = UnknownLabels::kDrop;
  options.labels = LabelSet{{"ham", "spam", "bacon"}};
  const Result<Split> given = ReadSplit({{train}, {}, {test}}, options, {.validation_size = 0}, report_);
  ASSERT_TRUE(given) << given.error().Text();
  EXPECT_THAT(Texts(given->test), ElementsAre("six x"));
  EXPECT_EQ(report_.test.unknown_labels.at("junk"), 2u);
  EXPECT_THAT(report_.warnings, ElementsAre("the test part has no texts with these labels: spam, bacon",
                                            "there are no training texts with these labels: bacon",
                                            "labels with fewer than 5 training texts: ham (2), spam (2)"));
}

TEST_F(ReadSplitTest, LeavesSmallClassesOutWithAWarningEach) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += "a\tone " + std::to_string(i) + "\nb\ttwo " + std::to_string(i) + "\n";
  const auto file = Write("mail.tsv", text + "c\talone x\n");
  ReadOptions options;
  options.labels = LabelSet{{"d", "c", "b", "a"}};
  const Result<Split> split =
      ReadSplit({{file}, {}, {}}, options, {.test_size = 0.2, .validation_size = 0.2, .min_class_texts = 2}, report_);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_THAT(split->train.labels.names, ElementsAre("b", "a"));
  EXPECT_EQ(Count(split->train, 0) + Count(split->validation, 0) + Count(split->test, 0), 6u);
  EXPECT_THAT(report_.warnings, ElementsAre("label 'd' is left out: it has no text, and 2 are required",
                                            "label 'c' is left out: it has 1 text, and 2 are required",
                                            "labels with fewer than 5 training texts: b (4), a (4)"));

  const auto lonely = Write("lonely.tsv", "a\tone x\na\ttwo x\nb\tthree x\n");
  const Result<Split> none = ReadSplit({{lonely}, {}, {}}, {}, {.min_class_texts = 2}, report_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kInvalidData);
}

TEST_F(ReadSplitTest, RefusesThousandsOfLabelsOfOneText) {
  std::string rows = "text,id,category\n";
  for (uint64_t i = 0; i < 2000; ++i) {
    rows += Numbered("text ", i) + Numbered(",", i) + (i % 2 == 0 ? ",a\n" : ",b\n");
  }
  const auto file = Write("ids.csv", rows);
  const Result<Split> refused = ReadSplit({{file}, {}, {}}, {.label_field = "id"}, {}, report_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().Text(),
              HasSubstr("2000 of 2000 texts have a label that no other text has; 'id' probably"));
  EXPECT_TRUE(ReadSplit({{file}, {}, {}}, {}, {}, report_));
}

TEST_F(ReadSplitTest, SoftLabelsKeepTheSharesOfTheLabelsThatStay) {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += R"({"text": "one )" + std::to_string(i) + R"(", "label": {"a": 0.5, "b": 0.25, "c": 0.25}})" + "\n";
    text += R"({"text": "two )" + std::to_string(i) + R"(", "label": {"c": 0.25, "b": 0.75}})" + "\n";
  }
  const auto file = Write("soft.jsonl", text + R"({"text": "three", "label": {"c": 1.0}})" + "\n");
  ReadOptions options;
  options.labels = LabelSet{{"c", "b", "a"}};
  const Result<Split> split = ReadSplit({{file}, {}, {}}, options, {.min_class_texts = 2}, report_);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_THAT(split->train.labels.names, ElementsAre("b", "a"));
  ASSERT_FALSE(split->train.examples.empty());
  for (const Example& example : split->train.examples) {
    const bool one = example.text.starts_with("one");
    EXPECT_THAT(example.labels, ElementsAre(one ? 1 : 0));
    ASSERT_EQ(example.shares.size(), one ? 2u : 1u) << example.text;
    EXPECT_EQ(example.shares[0].first, 0);
    EXPECT_FLOAT_EQ(example.shares[0].second, one ? 1.0f / 3 : 1.0f) << "the shares of a text have the sum 1";
    EXPECT_FLOAT_EQ(example.shares.back().second, one ? 2.0f / 3 : 1.0f);
  }
}

TEST_F(ReadSplitTest, DoesWithFewerPartsWhereThereAreTooFewTexts) {
  const auto six = Write("six.tsv", "a\t1 x\na\t2 x\nb\t3 x\nb\t4 x\nc\t5 x\nc\t6 x\n");
  const Result<Split> split = ReadSplit({{six}, {}, {}}, {}, {}, report_);
  ASSERT_TRUE(split) << split.error().Text();
  EXPECT_EQ(split->train.examples.size(), 3u);
  EXPECT_EQ(split->validation.examples.size(), 3u);
  EXPECT_THAT(split->test.examples, IsEmpty());
  EXPECT_EQ(report_.warnings.front(), "too few texts for a test part, so there is no test part");

  const auto two = Write("two.tsv", "a\t1 x\nb\t2 x\n");
  const Result<Split> tiny = ReadSplit({{two}, {}, {}}, {}, {}, report_);
  ASSERT_TRUE(tiny) << tiny.error().Text();
  EXPECT_EQ(Texts(tiny->validation), Texts(tiny->train));
  EXPECT_TRUE(tiny->validation_is_training);
  EXPECT_FALSE(split->validation_is_training);
  EXPECT_THAT(report_.warnings[1], HasSubstr("the training texts are used for validation"));
}

TEST_F(ReadSplitTest, SaysWhenNothingIsLeftToTrainOn) {
  const auto file = Write("a.tsv", "ham\tone x\nspam\ttwo x\n");
  const Result<Split> split = ReadSplit({{file}, {}, {file}}, {}, {}, report_);
  ASSERT_FALSE(split);
  EXPECT_THAT(split.error().Text(), HasSubstr("no training text is left"));
}

}  // namespace
}  // namespace winnow
