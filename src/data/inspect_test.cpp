#include "data/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Dataset SetOf(const std::vector<std::pair<int32_t, std::string>>& rows) {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam"};
  for (const auto& [label, text] : rows) {
    dataset.examples.push_back({text, {label}, "a.tsv", dataset.examples.size() + 1});
  }
  return dataset;
}

TEST(Inspect, CountsLabelsDuplicatesAndConflicts) {
  const DataInspection found = Inspect(
      SetOf({{0, "see you"}, {0, "see you"}, {0, "See  you"}, {1, "win"}, {0, "maybe"}, {1, "Maybe"}, {0, "ok"}}));
  EXPECT_EQ(found.texts, 7u);
  EXPECT_THAT(found.labels, ElementsAre(Pair("ham", 5), Pair("spam", 2)));
  EXPECT_EQ(found.duplicates.exact, 1u);
  EXPECT_EQ(found.duplicates.normalised, 1u);
  EXPECT_EQ(found.duplicates.conflicting_groups, 1u);
  EXPECT_THAT(found.Text(), HasSubstr("a.tsv:5 ham; a.tsv:6 spam"));
}

TEST(Inspect, MeasuresLengthsInCharacters) {
  std::vector<std::pair<int32_t, std::string>> rows;
  for (size_t i = 1; i <= 100; ++i) {
    std::string text;
    for (size_t c = 0; c < i; ++c) text += "\u00E9";
    rows.emplace_back(0, text);
  }
  const DataInspection found = Inspect(SetOf(rows));
  EXPECT_EQ(found.chars_p50, 50u);
  EXPECT_EQ(found.chars_p95, 95u);
  EXPECT_EQ(found.chars_max, 100u);
}

TEST(Inspect, NamesTheScriptThatMostLettersHave) {
  EXPECT_EQ(DominantScript("hello \u043C\u0438\u0440 there"), "Latin");
  EXPECT_EQ(DominantScript("\u043F\u0440\u0438\u0432\u0435\u0442 abc"), "Cyrillic");
  EXPECT_EQ(DominantScript("\u65E5\u672C\u8A9E"), "Han");
  EXPECT_EQ(DominantScript("\u3053\u3093\u306B\u3061\u306F"), "Kana");
  EXPECT_EQ(DominantScript("\uC548\uB155"), "Hangul");
  EXPECT_EQ(DominantScript("\u0645\u0631\u062D\u0628\u0627"), "Arabic");
  EXPECT_EQ(DominantScript("123 !? \U0001F600"), "none");
  EXPECT_EQ(DominantScript(""), "none");
}

TEST(Inspect, OfNothingIsNothing) {
  const DataInspection found = Inspect({});
  EXPECT_EQ(found.chars_max, 0u);
  EXPECT_EQ(found.ToJson()["texts"], 0);
  EXPECT_THAT(found.Text(), HasSubstr("texts: 0"));
}

}  // namespace
}  // namespace winnow
