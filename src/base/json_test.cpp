#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Json, ErrorsNameTheDocumentAndThePlace) {
  const auto broken = ParseJson("{\n \"a\": }", "config.json");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("config.json: not valid JSON: parse error at line 2"));
  EXPECT_THAT(broken.error().message, Not(HasSubstr("json.exception")));
  EXPECT_FALSE(ParseJson("", "c"));
  EXPECT_FALSE(ParseJson("{} {}", "c"));
  EXPECT_FALSE(ParseJson("\"\xff\"", "c"));
}

TEST(Json, RepeatedKeysAreRefusedInOneObjectOnly) {
  EXPECT_TRUE(ParseJson(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", "c"));
  EXPECT_THAT(ParseJson(R"({"x":{"a":1,"b":2,"a":3}})", "c").error().message, HasSubstr("'a' occurs twice"));
}

TEST(Json, DeepNestingIsRefused) {
  EXPECT_TRUE(ParseJson(std::string(50, '[') + std::string(50, ']'), "c"));
  EXPECT_THAT(ParseJson(std::string(1000000, '['), "c").error().message, HasSubstr("nested deeper"));
}

TEST(Json, FieldsAreTakenWithTheirTypes) {
  const Json json = ParsedJson(R"({"s":"x","i":-3,"n":1.5,"b":true,"null":null,"big":18446744073709551615})");
  const auto object = JsonObject::Of(json, "c");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->String("s").value(), "x");
  EXPECT_EQ(object->Integer("i").value(), -3);
  EXPECT_EQ(object->Number("n").value(), 1.5);
  EXPECT_EQ(object->Number("i").value(), -3.0);
  EXPECT_EQ(object->Bool("b").value(), true);
  EXPECT_EQ(object->String("null").value(), std::nullopt);
  EXPECT_EQ(object->String("none").value(), std::nullopt);
  EXPECT_THAT(object->Integer("n").error().message, HasSubstr("c: 'n' must be an integer, got 1.5"));
  EXPECT_FALSE(object->Integer("big"));
  EXPECT_FALSE(object->String("i"));
  EXPECT_FALSE(object->Bool("i"));
  EXPECT_FALSE(object->Number("s"));
  EXPECT_FALSE(JsonObject::Of(Json::array(), "c"));
}

TEST(Json, DumpKeepsUtf8AndReplacesBrokenBytes) {
  EXPECT_EQ(DumpJsonLine(Json{{"a", "ö"}}), "{\"a\":\"ö\"}");
  EXPECT_EQ(DumpJsonLine(Json("\xff")), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(DumpJson(Json{{"a", 1}}), "{\n  \"a\": 1\n}\n");
}

TEST(Json, MembersAreHandedOutInsteadOfKept) {
  std::vector<std::pair<std::string, Json>> taken;
  const auto json = ParseJson(
      R"({"a": {"v": 1, "w": {"x": 3}}, "b": {"v": {"p": 1, "q": "two", "p": null}, "u": [{"v": {"r": 1}}]}})", "here",
      ErrorCode::kInvalidData,
      {.path = {"b", "v"}, .take = [&](const std::string& key, const Json& value) { taken.emplace_back(key, value); }});
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(*json, ParsedJson(R"({"a": {"v": 1, "w": {"x": 3}}, "b": {"v": {}, "u": [{"v": {"r": 1}}]}})"));
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0].first, "p");
  EXPECT_EQ(taken[1].second, "two");
  EXPECT_TRUE(taken[2].second.is_null());
}

}  // namespace
}  // namespace winnow
