#include "data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/error_of.h"
#include "text/duplicate_key.h"
#include "text/segments.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kGrammar[] =
    "[label spam]\nwin {###} now\nclaim {####}\n[label ham]\nsee you at {##}:{##}\n{a|b|c} {d|e|f}\nok {###}\n";

Grammar TestGrammar(const std::string& contents = kGrammar) { return Grammar::Parse(contents, "g.txt").value(); }

Dataset SetOf(size_t texts, std::vector<std::string> labels = {"ham", "spam"}) {
  Dataset dataset;
  dataset.labels.names = std::move(labels);
  for (size_t i = 0; i < texts; ++i) dataset.examples.push_back({"text " + std::to_string(i), {0}, "a.tsv", i + 1});
  return dataset;
}

std::vector<std::string> TextsOf(const std::vector<Example>& examples) {
  std::vector<std::string> texts;
  for (const Example& example : examples) texts.push_back(example.text);
  return texts;
}

std::vector<Example> Made(const Dataset& dataset, const SyntheticOptions& options, SyntheticReport& report,
                          std::span<const Dataset* const> held_out = {}) {
  return SyntheticTexts(TestGrammar(), {1, 0}, "g.txt", dataset, options, report, held_out);
}

TEST(SyntheticTexts, AreAShareOfTheTrainingTextsWithTheLabelsInEqualNumbers) {
  SyntheticReport report;
  const auto made = Made(SetOf(100), {.share = 0.25}, report);
  ASSERT_EQ(made.size(), 25u);
  EXPECT_EQ(std::ranges::count_if(made, [](const Example& e) { return e.labels == std::vector<int32_t>{1}; }), 13);
  EXPECT_EQ(report.made, 25u);
  EXPECT_EQ(report.Text(), "synthetic texts: 25 for 100 training texts: 13 spam, 12 ham; 5 message templates\n");
  EXPECT_THAT(Made(SetOf(100), {.share = 0}, report), IsEmpty());
}

TEST(SyntheticTexts, DependOnTheSeed) {
  SyntheticReport report;
  const auto first = TextsOf(Made(SetOf(100), {.share = 0.5, .seed = 7}, report));
  EXPECT_EQ(first, TextsOf(Made(SetOf(100), {.share = 0.5, .seed = 7}, report)));
  EXPECT_NE(first, TextsOf(Made(SetOf(100), {.share = 0.5, .seed = 8}, report)));
}

TEST(SyntheticTexts, AreAllDifferentAndUseEveryMessageTemplate) {
  SyntheticReport report;
  const auto made = Made(SetOf(100), {.share = 2}, report);
  ASSERT_EQ(made.size(), 200u);
  const std::vector<std::string> texts = TextsOf(made);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
  std::set<size_t> lines;
  for (const Example& example : made) {
    EXPECT_EQ(example.file, "g.txt");
    lines.insert(example.row);
  }
  EXPECT_THAT(lines, ElementsAre(2, 3, 5, 6, 7));
}

TEST(SyntheticTexts, AreNeverHeldOutTextsNotEvenInOtherCase) {
  Dataset train = SetOf(100);
  SyntheticReport report;
  std::vector<std::string> free = TextsOf(Made(train, {.share = 1}, report));
  Dataset test = SetOf(0);
  for (std::string& text : free) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    test.examples.push_back({text, {0}, "test.tsv", 1});
  }
  const std::vector<const Dataset*> held_out = {&test};
  const auto made = Made(train, {.share = 1}, report, held_out);
  EXPECT_EQ(made.size(), 100u);
  std::set<std::string> keys;
  for (const Example& example : test.examples) keys.insert(DuplicateKey(example.text));
  for (const Example& example : made) EXPECT_FALSE(keys.contains(DuplicateKey(example.text))) << example.text;
}

TEST(SyntheticTexts, SayHowManyTheGrammarCannotGenerate) {
  SyntheticReport report;
  const auto made = SyntheticTexts(TestGrammar("[label spam]\nwin {a|b}\n[label ham]\nhi {a|b|c}\n"), {1, 0}, "g.txt",
                                   SetOf(100), {.share = 1}, report);
  EXPECT_EQ(made.size(), 5u);
  EXPECT_EQ(report.missing, 95u);
  EXPECT_THAT(report.Text(), HasSubstr("95 fewer than requested"));
}

TEST(LabelsOfGrammar, FindsSpamAndHamUnderTheirCommonNames) {
  const Grammar grammar = TestGrammar();
  EXPECT_EQ(LabelsOfGrammar(grammar, SetOf(1, {"ham", "spam"})).value(), (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(LabelsOfGrammar(grammar, SetOf(1, {"SPAM", "not_spam"})).value(), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(LabelsOfGrammar(grammar, SetOf(1, {"Junk", "legitimate"})).value(), (std::vector<int32_t>{0, 1}));
}

TEST(LabelsOfGrammar, SaysWhyAGrammarDoesNotFit) {
  const Grammar grammar = TestGrammar();
  EXPECT_EQ(ErrorOf(LabelsOfGrammar(grammar, SetOf(1, {"0", "1"}))).message,
            "the labels of the data are 0, 1, and those of the grammar are spam, ham");
  EXPECT_THAT(ErrorOf(LabelsOfGrammar(grammar, SetOf(1, {"ham", "spam", "other"}))).message,
              HasSubstr("ham, spam, other"));
  EXPECT_FALSE(LabelsOfGrammar(grammar, SetOf(1, {"spam", "junk"})));
  EXPECT_FALSE(LabelsOfGrammar(TestGrammar("[label spam]\na\n[label junk]\nb\n"), SetOf(1, {"ham", "spam"})));
  Dataset multi = SetOf(1);
  multi.multi_label = true;
  EXPECT_EQ(ErrorOf(LabelsOfGrammar(grammar, multi)).message, "the data is multi-label");
  Dataset segments = SetOf(2);
  segments.examples[1].text += kSegmentSeparator;
  EXPECT_EQ(ErrorOf(LabelsOfGrammar(grammar, segments)).message, "the texts have several segments");
}

}  // namespace
}  // namespace winnow
