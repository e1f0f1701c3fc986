#include "doctor/duplicate_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace winnow {
namespace {

using testing::HasSubstr;

constexpr DataPart kTrain = DataPart::kTrain;

struct Row {
  std::string text;
  int32_t label;
  DataPart part = kTrain;
};

std::vector<Finding> Find(const std::vector<Row>& rows) {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam"};
  std::vector<DataPart> parts;
  std::vector<std::string_view> texts;
  for (const Row& row : rows) {
    dataset.examples.push_back({row.text, {row.label}, "f.csv", dataset.examples.size() + 1});
    parts.push_back(row.part);
    texts.push_back(row.text);
  }
  ThreadPool pool(1);
  return FindDuplicateFindings(dataset, parts, *FindDuplicates(texts, 0.8, pool), 0.8);
}

std::string Summary(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& finding : findings) {
    all += (all.empty() ? "" : ", ") + std::string(FindingName(finding.kind)) + " " + std::to_string(*finding.text) +
           (finding.suggested.empty() ? "" : " " + finding.suggested);
  }
  return all;
}

constexpr char kText[] = "please call me back about the parcel that never came";
constexpr char kAlike[] = "please call me back about the parcel that never came!!";

TEST(DuplicateFindings, ReportsEachCopyAfterTheFirst) {
  EXPECT_EQ(Summary(Find({{kText, 0}, {"another", 0}, {kText, 0}, {kAlike, 0}, {kText, 0}})),
            "duplicate 2 drop, duplicate 4 drop, near duplicate 3");
}

TEST(DuplicateFindings, ReportsTheRarerLabelOfAConflict) {
  EXPECT_EQ(Summary(Find({{kText, 1}, {kText, 0}, {kText, 0}})), "conflict 0 ham, duplicate 2 drop");
}

TEST(DuplicateFindings, ReportsBothLabelsOfAnEvenConflict) {
  const std::vector<Finding> found = Find({{kText, 1}, {kText, 0}});
  EXPECT_EQ(Summary(found), "conflict 0, conflict 1");
  EXPECT_THAT(found[0].note, HasSubstr("f.csv:2 (ham)"));
}

TEST(DuplicateFindings, ReportsNearDuplicatesWithDifferentLabels) {
  const std::vector<Finding> found = Find({{kText, 1}, {kAlike, 0}});
  EXPECT_EQ(Summary(found), "near conflict 1");
  EXPECT_THAT(found[0].note, HasSubstr("f.csv:1 (spam)"));
}

TEST(DuplicateFindings, ReportsTextsThatOccurInTwoParts) {
  EXPECT_EQ(Summary(Find({{kText, 1}, {kText, 1, DataPart::kTest}})), "leak 0 drop");
  EXPECT_EQ(Summary(Find({{kText, 1, DataPart::kTest}, {kText, 1, DataPart::kValidation}})), "leak 1 drop");
  EXPECT_EQ(Summary(Find({{kAlike, 1}, {kText, 1, DataPart::kTest}})), "near leak 0 drop");
  EXPECT_EQ(Summary(Find({{kText, 1, DataPart::kTest}, {kText, 1, DataPart::kTest}})), "duplicate 1 drop");
}

TEST(DuplicateFindings, DroppingTheReportedTextsLeavesOneOfEachGroup) {
  std::vector<Row> rows;
  for (size_t i = 0; i < 60; ++i) {
    std::string text = "Dear customer, this month your invoice number is attached to this message, pay soon";
    text[20 + i % 5] = static_cast<char>('0' + i % 10);
    rows.push_back({text, 0});
  }
  const std::vector<Finding> found = Find(rows);
  EXPECT_EQ(found.size(), rows.size() - 1);
}

}  // namespace
}  // namespace winnow
