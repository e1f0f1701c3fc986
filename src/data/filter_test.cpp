#include "data/filter.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

Record Row() {
  Record record;
  record.fields = {
      {"lang", {Value::Kind::kText, "en", {}}},         {"execution_success", {Value::Kind::kBool, "true", {}}},
      {"failed", {Value::Kind::kBool, "false", {}}},    {"votes", {Value::Kind::kNumber, "3", {}}},
      {"empty", {Value::Kind::kText, "", {}}},          {"nothing", {}},
      {"verified", {Value::Kind::kText, "False", {}}},  {"gap", {Value::Kind::kText, "nan", {}}},
      {"city", {Value::Kind::kText, "York, Ohio", {}}}, {"id", {Value::Kind::kText, "9007199254740993", {}}},
      {"name", {Value::Kind::kText, "O'Brien", {}}},    {"tags", {Value::Kind::kList, "", {"a", "b"}}}};
  return record;
}

bool Keeps(std::string_view expression, std::string_view text = "four") {
  const Result<Filter> filter = Filter::Parse(expression);
  EXPECT_TRUE(filter) << filter.error().Text();
  return filter && filter->Keeps(Row(), text);
}

TEST(Filter, AsksForTruth) {
  EXPECT_TRUE(Keeps(""));
  EXPECT_TRUE(Keeps("execution_success"));
  EXPECT_FALSE(Keeps("!execution_success"));
  EXPECT_FALSE(Keeps("failed"));
  EXPECT_TRUE(Keeps("!failed"));
  EXPECT_FALSE(Keeps("empty"));
  EXPECT_FALSE(Keeps("nothing"));
  EXPECT_FALSE(Keeps("absent"));
  EXPECT_TRUE(Keeps("votes"));
}

TEST(Filter, ComparesTextsNumbersAndLists) {
  EXPECT_TRUE(Keeps("lang=en"));
  EXPECT_TRUE(Keeps("lang == en"));
  EXPECT_FALSE(Keeps("lang!=en"));
  EXPECT_TRUE(Keeps("votes=3.0"));
  EXPECT_TRUE(Keeps("votes>=3"));
  EXPECT_FALSE(Keeps("votes>3"));
  EXPECT_TRUE(Keeps("votes<3.5"));
  EXPECT_FALSE(Keeps("lang<3"));
  EXPECT_TRUE(Keeps("tags=b"));
  EXPECT_FALSE(Keeps("tags=c"));
  EXPECT_TRUE(Keeps("execution_success=True"));
  EXPECT_TRUE(Keeps("absent!=x"));
}

TEST(Filter, WholeNumbersOfAnySizeAreComparedExactly) {
  EXPECT_TRUE(Keeps("id=9007199254740993"));
  EXPECT_TRUE(Keeps("id=+09007199254740993"));
  EXPECT_FALSE(Keeps("id=9007199254740992")) << "which is the same double";
  EXPECT_TRUE(Keeps("id!=9007199254740992"));
  EXPECT_TRUE(Keeps("id>9007199254740992"));
  EXPECT_FALSE(Keeps("id<=9007199254740992"));
  EXPECT_TRUE(Keeps("id<90071992547409930"));
  EXPECT_TRUE(Keeps("votes>-9007199254740993"));
  EXPECT_TRUE(Keeps("votes=+3"));
  EXPECT_FALSE(Keeps("votes=-3"));
}

TEST(Filter, TruthValuesAreComparedInAnySpelling) {
  EXPECT_TRUE(Keeps("verified=false"));
  EXPECT_FALSE(Keeps("verified!=false"));
  EXPECT_FALSE(Keeps("verified=TRUE"));
  EXPECT_TRUE(Keeps("execution_success=1"));
  EXPECT_TRUE(Keeps("failed=0"));
  EXPECT_FALSE(Keeps("failed!=0"));
  EXPECT_FALSE(Keeps("execution_success=yes"));
}

TEST(Filter, NanIsATextThatEqualsItself) {
  EXPECT_TRUE(Keeps("gap=nan"));
  EXPECT_FALSE(Keeps("gap!=nan"));
  EXPECT_FALSE(Keeps("gap<3"));
}

TEST(Filter, JoinsConditions) {
  EXPECT_TRUE(Keeps("lang=en,votes>2"));
  EXPECT_TRUE(Keeps("lang=en and votes>2 and execution_success"));
  EXPECT_FALSE(Keeps("lang=en AND votes>9"));
  EXPECT_TRUE(Keeps("city='York, Ohio', lang=en"));
  EXPECT_TRUE(Keeps("city = \"York, Ohio\" and lang=en"));
  // An apostrophe within a value is a character of it.
  EXPECT_TRUE(Keeps("name=O'Brien, lang=en"));
  EXPECT_FALSE(Keeps("name=O'Brien and lang=de"));
  EXPECT_FALSE(Keeps("lang!=don't, lang=de"));
}

TEST(Filter, CountsCharactersOfTheText) {
  EXPECT_TRUE(Keeps("chars<5"));
  EXPECT_FALSE(Keeps("chars<4"));
  EXPECT_TRUE(Keeps("chars=2", "\u00e9\u6587"));
}

TEST(Filter, RefusesWhatMakesNoSense) {
  for (const char* bad :
       {"lang=en,", ",", "=en", "chars<many", "a and and b", "!", "!!a", "lang=en and", "a!b", "city='York, lang=en"}) {
    const Result<Filter> filter = Filter::Parse(bad);
    ASSERT_FALSE(filter) << bad;
    EXPECT_EQ(filter.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(filter.error().message.find(bad), std::string::npos);
  }
}

}  // namespace
}  // namespace winnow
