#include "doctor/class_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>

#include "support/example_dataset.h"

namespace winnow {
namespace {

using testing::HasSubstr;

struct Made {
  Dataset dataset;
  DuplicateGroups groups;
};

/// Classes with that number of texts, no two of which are alike.
Made MakeClasses(const std::vector<std::pair<std::string, size_t>>& classes) {
  Made made{.dataset = DatasetOfCounts(classes), .groups = {}};
  made.groups.group_of.resize(made.dataset.examples.size());
  std::iota(made.groups.group_of.begin(), made.groups.group_of.end(), 0);
  return made;
}

std::vector<Finding> FindingsOf(FindingKind kind, const Made& made) {
  std::vector<Finding> findings = FindClassFindings(made.dataset, made.groups);
  std::erase_if(findings, [&](const Finding& finding) { return finding.kind != kind; });
  return findings;
}

TEST(ClassFindings, ReportsLabelsThatDifferInCaseAndSpacesOnly) {
  const std::vector<Finding> found =
      FindingsOf(FindingKind::kSimilarLabels,
                 MakeClasses({{"Spam", 30}, {"SPAM", 20}, {"ham", 50}, {"not spam", 25}, {"Not_Spam", 40}}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, "SPAM");
  EXPECT_EQ(found[0].suggested, "Spam");
  EXPECT_EQ(found[1].label, "not spam");
  EXPECT_EQ(found[1].suggested, "Not_Spam");
  EXPECT_FALSE(found[0].text);
}

TEST(ClassFindings, ReportsMisspelledRareLabelsButNotOtherDigitsOrSigns) {
  const std::vector<Finding> found = FindingsOf(FindingKind::kSimilarLabels, MakeClasses({{"positive", 100},
                                                                                          {"postive", 2},
                                                                                          {"level 1", 100},
                                                                                          {"level 2", 2},
                                                                                          {"C++", 30},
                                                                                          {"C#", 30},
                                                                                          {"C", 30},
                                                                                          {"-1", 30},
                                                                                          {"1", 30},
                                                                                          {"negative", 90}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "postive");
  EXPECT_EQ(found[0].suggested, "positive");
}

TEST(ClassFindings, ReportsSmallClassesTheSmallestFirst) {
  const std::vector<Finding> found =
      FindingsOf(FindingKind::kSmallClass, MakeClasses({{"a", 4}, {"b", 1}, {"c", 19}, {"d", 20}}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].label, "b");
  EXPECT_EQ(found[0].suggested, kDropFix);
  EXPECT_EQ(found[1].label, "a");
  EXPECT_EQ(found[2].label, "c");
}

TEST(ClassFindings, ReportsAClassOfNearlyAllTexts) {
  EXPECT_EQ(FindingsOf(FindingKind::kUnequalClasses, MakeClasses({{"a", 97}, {"b", 3}})).size(), 1u);
  EXPECT_TRUE(FindingsOf(FindingKind::kUnequalClasses, MakeClasses({{"a", 90}, {"b", 10}})).empty());
}

TEST(ClassFindings, ReportsAClassThatConsistsMostlyOfOneText) {
  Made made = MakeClasses({{"a", 10}, {"b", 10}});
  for (size_t t = 11; t < 17; ++t) made.groups.group_of[t] = 11;
  const std::vector<Finding> found = FindingsOf(FindingKind::kOneTextClass, made);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "b");
  EXPECT_THAT(found[0].note, HasSubstr("6 of its 10"));
}

}  // namespace
}  // namespace winnow
