#include "filter/rule_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The value of an expression in which the names in `true_names` are true.
bool Value(std::string_view text, std::string_view true_names) {
  const Result<RuleExpression> expression = RuleExpression::Parse(text);
  EXPECT_TRUE(expression) << expression.error().Text();
  return expression &&
         expression->Value([&](size_t i) { return true_names.find(expression->names()[i]) != std::string_view::npos; });
}

TEST(RuleExpression, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(Value("A | B & C", "A"));
  EXPECT_FALSE(Value("(A | B) & C", "A"));
  EXPECT_TRUE(Value("A & B | C", "C"));
  EXPECT_TRUE(Value("!A & B", "B"));
  EXPECT_FALSE(Value("!(A | B)", "B"));
  EXPECT_TRUE(Value("!A | B", ""));
}

TEST(RuleExpression, EqualsATruthTable) {
  for (int row = 0; row < 8; ++row) {
    const bool a = (row & 1) != 0, b = (row & 2) != 0, c = (row & 4) != 0;
    const std::string names = std::string(a ? "A" : "") + (b ? "B" : "") + (c ? "C" : "");
    EXPECT_EQ(Value("A & !B | !(C & A) & B", names), (a && !b) || (!(c && a) && b)) << names;
    EXPECT_EQ(Value("!!A & (B | (C & !A))", names), a && (b || (c && !a))) << names;
  }
}

TEST(RuleExpression, ReadsWordsAndDoubledSigns) {
  EXPECT_TRUE(Value("A and not B", "A"));
  EXPECT_TRUE(Value("A AND (B OR NOT C)", "A"));
  EXPECT_TRUE(Value("A && B || C", "C"));
  EXPECT_FALSE(Value("notA", ""));  // a name
}

TEST(RuleExpression, ListsEachNameOnce) {
  const Result<RuleExpression> expression = RuleExpression::Parse("B & A | B & !C_2");
  ASSERT_TRUE(expression);
  EXPECT_THAT(expression->names(), ElementsAre("B", "A", "C_2"));
}

TEST(RuleExpression, NamesTheColumnOfAnError) {
  const auto message = [](std::string_view text) { return ErrorOf(RuleExpression::Parse(text)).message; };
  EXPECT_EQ(message(""), "expression, column 1: expected a name, '!' or '(', found the end");
  EXPECT_EQ(message("A &"), "expression, column 4: expected a name, '!' or '(', found the end");
  EXPECT_EQ(message("A B"), "expression, column 3: expected '&', '|' or the end, found 'B'");
  EXPECT_EQ(message("(A | B"), "expression, column 7: expected '&', '|' or ')', found the end");
  EXPECT_EQ(message("A)"), "expression, column 2: expected '&', '|' or the end, found ')'");
  EXPECT_EQ(message("A & ü"), "expression, column 5: expected a name, '!' or '(', found 'ü'");
  EXPECT_EQ(message("A ^ B"), "expression, column 3: expected '&', '|' or the end, found '^'");
  EXPECT_THAT(message("A & " + std::string(65, 'x')), HasSubstr("is longer than 64 bytes"));
}

TEST(RuleExpression, BoundsNestingAndLength) {
  const auto nested = [](size_t depth, const std::string& inner) {
    return std::string(depth, '(') + inner + std::string(depth, ')');
  };
  EXPECT_TRUE(Value(nested(64, "A"), "A"));
  EXPECT_THAT(ErrorOf(RuleExpression::Parse(nested(65, "A"))).message, HasSubstr("more than 64 deep"));
  EXPECT_TRUE(Value(std::string(2000, '!') + "A", "A"));
  EXPECT_THAT(ErrorOf(RuleExpression::Parse(std::string(5000, '!'))).message, HasSubstr("the maximum is 4096"));
}

TEST(RuleExpression, HoldsPendingValuesOfTheDeepestNesting) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "A | B & (";
  text += "A | B & C";
  text += std::string(64, ')');
  EXPECT_TRUE(Value(text, "BC"));
  EXPECT_FALSE(Value(text, "B"));
  EXPECT_TRUE(Value(text, "A"));
}

TEST(RuleExpression, NamesAreLettersDigitsAndUnderscores) {
  EXPECT_TRUE(IsRuleName("GIFT_CARD2"));
  EXPECT_TRUE(IsRuleName("_a"));
  EXPECT_FALSE(IsRuleName(""));
  EXPECT_FALSE(IsRuleName("2A"));
  EXPECT_FALSE(IsRuleName("A-B"));
  EXPECT_FALSE(IsRuleName("not"));
  EXPECT_FALSE(IsRuleName(std::string(65, 'A')));
}

}  // namespace
}  // namespace winnow
