#include "data/label_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;

TEST(LabelNames, InvisibleCharactersAndOuterWhiteSpaceAreRemoved) {
  EXPECT_EQ(CleanLabelName(" spam\t"), "spam");
  EXPECT_EQ(CleanLabelName("\uFEFFspam\u200B"), "spam");
  EXPECT_EQ(CleanLabelName("\u00A0spam mail\u00A0"), "spam mail");
  EXPECT_EQ(CleanLabelName("cafe\u0301"), "caf\u00E9");
  EXPECT_EQ(CleanLabelName("\u200B"), "");
}

TEST(LabelNames, SpellingsOfOneValueHaveOneKey) {
  EXPECT_EQ(LabelKey("1.0"), LabelKey("1"));
  EXPECT_EQ(LabelKey("True"), LabelKey("true"));
  EXPECT_NE(LabelKey("1.5"), LabelKey("1"));
  EXPECT_NE(LabelKey("Spam"), LabelKey("spam"));
  EXPECT_EQ(NumberName("-3.000"), "-3");
  EXPECT_EQ(NumberName("9007199254740993.0"), "9007199254740993.0");
  EXPECT_EQ(NumberName("nan"), "nan");
  EXPECT_EQ(SimilarLabelKey("Hate Speech"), SimilarLabelKey("hate_speech"));
  EXPECT_NE(SimilarLabelKey("ham"), SimilarLabelKey("spam"));
}

TEST(LabelNames, ListsAreReadAsPythonPrintsThem) {
  const auto names = ParsePythonList(R"(['toxic', "it's", 'a\'b'])");
  ASSERT_TRUE(names);
  EXPECT_THAT(names->items, ElementsAre("toxic", "it's", "a'b"));
  EXPECT_TRUE(names->shares.empty());
  const auto numbers = ParsePythonList("[0, 1.0, 0]");
  ASSERT_TRUE(numbers);
  EXPECT_THAT(numbers->items, ElementsAre("0", "1", "0"));
  EXPECT_TRUE(IsMultiHot(*numbers));
  EXPECT_TRUE(ParsePythonList("[]")->items.empty());
  for (const char* text : {"", "[", "[spam]", "['a' 'b']", "['a", "[1, ]x", "a, b"}) {
    EXPECT_FALSE(ParsePythonList(text)) << text;
  }
}

TEST(LabelNames, MultiHotVectorsHaveTwoOrMoreZerosAndOnes) {
  EXPECT_FALSE(IsMultiHot(*ParsePythonList("[1]")));
  EXPECT_FALSE(IsMultiHot(*ParsePythonList("[0, 2]")));
  EXPECT_FALSE(IsMultiHot(*ParsePythonList("['0', '1']")));
}

}  // namespace
}  // namespace winnow
