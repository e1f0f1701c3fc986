#include "doctor/set_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "data/row_writer.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A cell of a table with new labels.
std::string Cell(const std::string& old, const std::vector<std::string>& labels, LabelForm form = {}) {
  std::vector<Field> row = {TextField("label", old)};
  const Result<void> set = SetLabels(row, form, labels);
  return set ? row[0].value.text : "error: " + set.error().message;
}

TEST(SetLabels, ANameATextAndANumberStayWhatTheyAre) {
  EXPECT_EQ(Cell("ham", {"spam"}), "spam");
  std::vector<Field> number = {{"y", {Value::Kind::kNumber, "0", {}}}};
  ASSERT_TRUE(SetLabels(number, {.fields = {"y"}}, std::vector<std::string>{"1"}));
  EXPECT_EQ(number[0].value.kind, Value::Kind::kNumber);
  ASSERT_TRUE(SetLabels(number, {.fields = {"y"}}, std::vector<std::string>{"nan"}));
  EXPECT_EQ(number[0].value.kind, Value::Kind::kText) << "JSON has no such number";
  std::vector<Field> truth = {{"y", {Value::Kind::kBool, "true", {}}}};
  ASSERT_TRUE(SetLabels(truth, {.fields = {"y"}}, std::vector<std::string>{"false"}));
  EXPECT_EQ(truth[0].value.kind, Value::Kind::kBool);
  ASSERT_TRUE(SetLabels(truth, {.fields = {"y"}}, std::vector<std::string>{"maybe"}));
  EXPECT_EQ(truth[0].value.kind, Value::Kind::kText);
}

TEST(SetLabels, CellsStayLists) {
  EXPECT_EQ(Cell("['x', 'y']", {"y"}), "['y']");
  EXPECT_EQ(Cell("['x', 'y']", {"it's", R"(a\b)"}), R"(['it\'s', 'a\\b'])");
  EXPECT_EQ(Cell("['x']", {}), "[]");
  EXPECT_EQ(Cell("[1, 2]", {"2", "3"}), "[2, 3]");
  EXPECT_EQ(Cell("[1, 2]", {"2", "new"}), "['2', 'new']");
  // Of several labels a cell is a list, if it is not divided at commas.
  EXPECT_EQ(Cell("x", {"x", "y"}), "['x', 'y']");
  const LabelForm divided = {.divided = true};
  EXPECT_EQ(Cell("x", {"x", "y"}, divided), "x,y");
  EXPECT_EQ(Cell("x|z", {"x", "y"}, divided), "x|y");
  EXPECT_EQ(Cell("x|z", {}, divided), "");
  EXPECT_EQ(Cell("x", {"a, b", "y"}, divided), "['a, b', 'y']");
  EXPECT_EQ(Cell(R"({"x": 1, "y": 0})", {"y"}), R"({"x":0,"y":1})");
}

TEST(SetLabels, VectorsStayVectors) {
  const LabelForm form = {.positions = {"ham", "spam", "ads"}};
  for (const char* const old : {"[1, 0, 0]", "[1. 0. 0.]", "(True, False, False)", "1,0,0", "array([1, 0, 0])"}) {
    EXPECT_EQ(Cell(old, {"spam", "ads"}, form), "[0, 1, 1]") << old;
    EXPECT_EQ(Cell(old, {}, form), "[0, 0, 0]") << old;
  }
  EXPECT_EQ(Cell("[1, 0, 0]", {"new"}, form),
            "error: there is no position of the multi-hot vectors for the label 'new'");
  // Two positions with one label, by --label-map: the one that the row has stays.
  const LabelForm merged = {.positions = {"bad", "bad", "good"}};
  EXPECT_EQ(Cell("[0, 1, 0]", {"bad", "good"}, merged), "[0, 1, 1]");
  EXPECT_EQ(Cell("[0, 0, 1]", {"bad"}, merged), "[1, 0, 0]");
}

TEST(SetLabels, ListsOfJsonKeepTheirType) {
  const auto set = [](Value old, const std::vector<std::string>& labels, LabelForm form = {}) {
    std::vector<Field> row = {{"label", std::move(old)}};
    EXPECT_TRUE(SetLabels(row, form, labels));
    return row[0].value;
  };
  EXPECT_THAT(set({Value::Kind::kList, "", {"a"}}, {"a", "b"}).items, ElementsAre("a", "b"));
  const Value numbers = {Value::Kind::kList, "", {"1", "2"}, {1, 2}};
  EXPECT_THAT(set(numbers, {"2"}).shares, testing::SizeIs(1));
  EXPECT_THAT(set(numbers, {"2", "new"}).shares, IsEmpty()) << "then they are written as texts";
  const LabelForm form = {.positions = {"x", "y"}};
  EXPECT_THAT(set({Value::Kind::kList, "", {"0", "1"}, {0, 1}}, {"x", "y"}, form).items, ElementsAre("1", "1"));
  EXPECT_EQ(set({Value::Kind::kList, "", {"false", "true"}, {}, "[false,true]"}, {"x"}, form).json, "[true, false]");
}

TEST(SetLabels, ColumnsAndObjectsKeepTheirForm) {
  std::vector<Field> columns = {TextField("toxic", "1.0"), TextField("insult", "0")};
  const LabelForm form = {.fields = {"toxic", "insult"}};
  ASSERT_TRUE(SetLabels(columns, form, std::vector<std::string>{"insult", "toxic"}));
  EXPECT_EQ(columns[0].value.text, "1.0") << "it was right";
  EXPECT_EQ(columns[1].value.text, "1");
  EXPECT_FALSE(SetLabels(columns, form, std::vector<std::string>{"threat"}));
  std::vector<Field> numbered = {TextField("text", "t"), TextField("column_2", "1"), TextField("column_3", "0")};
  ASSERT_TRUE(SetLabels(numbered, {.fields = {"2", "3"}}, std::vector<std::string>{"3"}));
  EXPECT_EQ(numbered[1].value.text + numbered[2].value.text, "01");
  // The names that --label-map gives the columns.
  const LabelForm renamed = {.fields = {"toxic", "insult"}, .positions = {"Toxic", "insult"}};
  ASSERT_TRUE(SetLabels(columns, renamed, std::vector<std::string>{"Toxic"}));
  EXPECT_EQ(columns[1].value.text, "0");

  std::vector<Field> nested = {{"label", {Value::Kind::kOther, "", {"name", "id"}, {}, R"({"name":"ham","id":3})"}},
                               {"label.name", {Value::Kind::kText, "ham", {}}, true},
                               {"label.id", {Value::Kind::kNumber, "3", {}}, true}};
  ASSERT_TRUE(SetLabels(nested, {.fields = {"label.name"}}, std::vector<std::string>{"spam"}));
  EXPECT_EQ(nested[0].value.json, R"({"name":"spam","id":3})");
  ASSERT_TRUE(SetLabels(nested, {.fields = {"label.id"}}, std::vector<std::string>{"4"}));
  EXPECT_EQ(nested[0].value.json, R"({"name":"spam","id":4})");

  std::vector<Field> object = {
      {"cats", {Value::Kind::kShares, "", {"toxic", "insult"}, {1, 0}, R"({"toxic":1,"insult":0})"}}};
  ASSERT_TRUE(SetLabels(object, {.fields = {"cats"}}, std::vector<std::string>{"insult", "threat"}));
  EXPECT_EQ(ParsedJson(object[0].value.json), ParsedJson(R"({"toxic":0,"insult":1,"threat":1})"));
}

}  // namespace
}  // namespace winnow
