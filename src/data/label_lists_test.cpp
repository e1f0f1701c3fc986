#include "data/label_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;

TEST(LabelLists, ListsAreReadAsPythonPrintsThem) {
  const auto names = ParseLabelList(R"(['toxic', "it's", 'a\'b'])");
  ASSERT_TRUE(names);
  EXPECT_THAT(names->items, ElementsAre("toxic", "it's", "a'b"));
  EXPECT_TRUE(names->shares.empty());
  EXPECT_THAT(ParseLabelList("[0, 1.0, 0]")->items, ElementsAre("0", "1", "0"));
  EXPECT_TRUE(ParseLabelList("[]")->items.empty());
  EXPECT_TRUE(ParseLabelList("set()")->items.empty());
  EXPECT_TRUE(ParseLabelList("()")->items.empty());
  for (const char* text : {"{'ham', 'x'}", "('ham', 'x')", "('ham', 'x',)", "['ham' 'x']", "['ham'\n 'x']",
                           "['ham', 'x', None]", "[\"ham\",\"x\"]", "array(['ham', 'x'], dtype=object)",
                           "[np.str_('ham'), np.str_('x')]", "[b'ham', u'x']", "frozenset({'ham', 'x'})"}) {
    const auto list = ParseLabelList(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(list->kind, Value::Kind::kList) << text;
    EXPECT_THAT(list->items, ElementsAre("ham", "x")) << text;
  }
}

TEST(LabelLists, OtherTextsAreNoLists) {
  for (const char* text : {"",
                           "[",
                           "[spam]",
                           "['a",
                           "[1, ]x",
                           "a, b",
                           "(1)",
                           "('a')",
                           "{'a' 'b'}",
                           "('a' 'b')",
                           "[ham, x]",
                           "['a', 'b' 'c']",
                           "[0, None, 1]",
                           "{'a': 'b'}",
                           "{'a': None}",
                           "{'a', 'b': 1}",
                           "array(['a'], x)",
                           "[0 0 ... 1]",
                           "[['a'], ['b']]",
                           "np.str_('a')",
                           "[np.str_(np.str_('a')]"}) {
    EXPECT_FALSE(ParseLabelList(text)) << text;
  }
}

TEST(LabelLists, NestingTakesNoStack) {
  std::string text = "[";
  for (int i = 0; i < 200000; ++i) text += "np.str_(";
  EXPECT_FALSE(ParseLabelList(text + "'a']"));
}

TEST(LabelLists, DictionariesOfNumbersAreShares) {
  const auto shares = ParseLabelList("{'ham': 0.8, 'x': 1}");
  ASSERT_TRUE(shares);
  EXPECT_EQ(shares->kind, Value::Kind::kShares);
  EXPECT_THAT(shares->items, ElementsAre("ham", "x"));
  EXPECT_THAT(shares->shares, ElementsAre(0.8, 1.0));
  EXPECT_THAT(ParseLabelList("{\"ham\": true, \"x\": False}")->shares, ElementsAre(1.0, 0.0));
  EXPECT_EQ(ParseLabelList("{}")->kind, Value::Kind::kShares);
}

TEST(LabelLists, MultiHotVectorsHaveTwoOrMoreZerosAndOnes) {
  for (const char* text : {"[0 1 0]", "[0. 1. 0.]", "[False, True, False]", "[False  True False]", "(0, 1, 0)",
                           "['0', '1', '0']", "[0.0, 1.0, 0.0]", "tensor([0, 1, 0])", "array([0., 1., 0.])"}) {
    const auto list = ParseLabelList(text);
    ASSERT_TRUE(list) << text;
    const auto bits = MultiHotBits(*list);
    ASSERT_TRUE(bits) << text;
    EXPECT_THAT(*bits, ElementsAre(false, true, false)) << text;
  }
  for (const char* text : {"0,1,0", "0 1 0", "0;1;0", "0|1|0", "False, True, False", "0.0, 1.0, 0.0"}) {
    const auto list = ParseSeparatedBits(text);
    ASSERT_TRUE(list) << text;
    EXPECT_THAT(*MultiHotBits(*list), ElementsAre(false, true, false)) << text;
  }
  for (const char* text : {"", "0,2", "1.5,0", "a,b", "0,,1", "1;0,1"}) EXPECT_FALSE(ParseSeparatedBits(text)) << text;
  for (const char* text : {"[1]", "[0, 2]", "[0.5, 1]", "['a', '0']", "[]"}) {
    EXPECT_FALSE(MultiHotBits(*ParseLabelList(text))) << text;
  }
  EXPECT_TRUE(HasFractions(*ParseLabelList("[0.0, 0.5, 1.0]")));
  EXPECT_FALSE(HasFractions(*ParseLabelList("[0.0, 1.0]")));
  EXPECT_FALSE(HasFractions(*ParseLabelList("['0.5']")));
}

}  // namespace
}  // namespace winnow
