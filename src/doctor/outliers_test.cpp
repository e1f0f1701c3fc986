#include "doctor/outliers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/example_dataset.h"

namespace winnow {
namespace {

using testing::HasSubstr;

Dataset MakeTexts(const std::vector<std::string>& texts) { return DatasetOfTexts(texts, {"a"}); }

std::vector<Finding> OutliersOf(FindingKind kind, const Dataset& dataset) {
  std::vector<Finding> findings = FindOutliers(dataset);
  std::erase_if(findings, [&](const Finding& finding) { return finding.kind != kind; });
  return findings;
}

std::vector<std::string> Ordinary(size_t count) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back("an ordinary text" + std::string(i % 7, '.') + " of some words");
  return texts;
}

TEST(Outliers, ReportsTextsManyTimesLongerOrShorterThanOthers) {
  std::vector<std::string> texts = Ordinary(100);
  texts[40] = std::string(5000, 'x');
  texts[60] = "hm";
  const std::vector<Finding> found = OutliersOf(FindingKind::kLength, MakeTexts(texts));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].text, 40u);
  EXPECT_THAT(found[0].note, HasSubstr("5000 characters"));
  EXPECT_THAT(found[0].note, HasSubstr("1250 tokens"));
  EXPECT_EQ(found[1].text, 60u);
}

TEST(Outliers, ReportsNothingIfAllLengthsAreEqual) {
  EXPECT_TRUE(FindOutliers(MakeTexts(std::vector<std::string>(50, "the same"))).empty());
  EXPECT_TRUE(FindOutliers(MakeTexts({})).empty());
}

TEST(Outliers, ReportsTextsInARareScript) {
  std::vector<std::string> texts = Ordinary(300);
  texts[7] = "это письмо на русском";
  const std::vector<Finding> found = OutliersOf(FindingKind::kScript, MakeTexts(texts));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].text, 7u);
  EXPECT_THAT(found[0].note, HasSubstr("Cyrillic"));
  // One in twenty is no odd one, but the language that somebody writes in.
  for (size_t i = 0; i < 15; ++i) texts[10 * i] = "это письмо на русском";
  EXPECT_TRUE(OutliersOf(FindingKind::kScript, MakeTexts(texts)).empty());
}

TEST(Outliers, TextsWithoutLettersAreNearlyEmpty) {
  const std::vector<Finding> found =
      OutliersOf(FindingKind::kNearlyEmpty, MakeTexts({"ok", ":-)", "?", "x", "42", "你好"}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, 1u);
  EXPECT_EQ(found[1].text, 2u);
  EXPECT_EQ(found[2].text, 3u);
}

TEST(Outliers, ReportsBrokenCharactersAndTheirOriginals) {
  const std::vector<Finding> found =
      OutliersOf(FindingKind::kEncoding, MakeTexts({"fine café", "a cafÃ© in town", "lost \xEF\xBF\xBD here"}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].text, 2u);
  EXPECT_EQ(found[1].text, 1u);
  EXPECT_THAT(found[1].note, HasSubstr("'é'"));
}

}  // namespace
}  // namespace winnow
