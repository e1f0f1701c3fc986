#include "data/filter.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "data/filter_values.h"

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

TEST(Filter, RefusesAlternativesUnlessTheyAreAValue) {
  for (const char* alternatives : {"lang=en or lang=fr", "lang=en OR fr", "failed or votes>2", "lang=en || lang=fr"}) {
    const Result<Filter> filter = Filter::Parse(alternatives);
    ASSERT_FALSE(filter) << alternatives;
    EXPECT_EQ(filter.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(filter.error().message.find("'or' is not supported"), std::string::npos) << filter.error().message;
  }
  EXPECT_FALSE(Keeps("lang='en or fr'"));
  EXPECT_TRUE(Keeps("lang!='en or fr'"));
  EXPECT_TRUE(Keeps("votes!=orange"));
}

TEST(FilterValues, SayWhatTheRowsHave) {
  const auto advice = [](std::string_view expression, std::initializer_list<std::string_view> texts) {
    const Result<Filter> filter = Filter::Parse(expression);
    EXPECT_TRUE(filter) << filter.error().Text();
    FilterValues values(*filter);
    for (const std::string_view text : texts) {
      Record row = Row();
      row.fields[0].value.text = text;
      EXPECT_FALSE(filter->Keeps(row, text));
      values.Add(row, text);
    }
    return values.Advice();
  };
  EXPECT_EQ(advice("lang=EN", {"en", "fr", "en"}),
            "no row satisfies 'lang=EN': the values of 'lang' are en (2), fr (1); did you mean 'en'?");
  EXPECT_EQ(advice("lang=de", {"en"}), "no row satisfies 'lang=de': the only value of 'lang' is en (1)");
  EXPECT_EQ(advice("lang", {"", "no"}), "no row satisfies 'lang': the values of 'lang' are '' (1), no (1)");
  EXPECT_EQ(advice("chars<2", {"four", "twelve chars"}), "no row satisfies 'chars<2': 'chars' is between 4 and 12");
  EXPECT_EQ(advice("votes>3", {"a"}), "no row satisfies 'votes>3': 'votes' is 3 in every row");
  EXPECT_EQ(
      advice("votes>3, lang=de", {"en"}),
      "no row satisfies 'votes>3': 'votes' is 3 in every row; no row satisfies 'lang=de': the only value of 'lang' is "
      "en (1)");
  EXPECT_EQ(advice("absent=x", {"en"}), "no row satisfies 'absent=x': 'absent' is missing in every row");
  EXPECT_EQ(advice("tags=c", {"en"}), "no row satisfies 'tags=c': the values of 'tags' are a (1), b (1)");
  EXPECT_EQ(advice("lang=en, chars>2", {"en", "french"}),
            "some rows satisfy each condition of --filter, but no row satisfies all of them");
  EXPECT_EQ(advice("lang=a", {std::string(50, 'x')}),
            "no row satisfies 'lang=a': the only value of 'lang' is " + std::string(40, 'x') + "... (1)");
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
