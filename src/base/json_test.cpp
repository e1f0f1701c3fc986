#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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

TEST(Json, MembersKeepTheirOrderUntilASortedDump) {
  Json json;
  json["b"] = 1;
  json["a"] = {{"d", true}, {"c", nullptr}};
  EXPECT_EQ(json.dump(), R"({"b":1,"a":{"d":true,"c":null}})");
  EXPECT_EQ(DumpJsonLine(json), R"({"a":{"c":null,"d":true},"b":1})");
  EXPECT_EQ(ParseJson(json.dump(), "c")->dump(), R"({"a":{"c":null,"d":true},"b":1})");
  EXPECT_EQ(ParsedJson(json.dump()).dump(), json.dump());
}

TEST(Json, OfEqualKeysALenientReaderKeepsTheLastValue) {
  const std::string text = R"({"b":1,"a":2,"b":3,"a":{"x":1,"x":2}})";
  EXPECT_EQ(ParseJsonLeniently(text)->dump(), R"({"a":{"x":2},"b":3})");
  EXPECT_EQ(ParseJsonLeniently(text, JsonOrder::kAsWritten)->dump(), R"({"b":3,"a":{"x":2}})");
}

TEST(Json, NumbersAreWrittenAsTheyAreReadBack) {
  // What nlohmann/json writes for the same values.
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},    {-0.0, "-0.0"},   {1.0, "1.0"},    {0.1, "0.1"},      {1e14, "100000000000000.0"},
      {1e15, "1e+15"}, {1e-4, "0.0001"}, {1e-5, "1e-05"}, {1e300, "1e+300"}, {123456.789, "123456.789"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(Json(value).dump(), text);
    EXPECT_EQ(ParsedJson(text).get<double>(), value);
  }
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).dump(), "null");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<uint64_t>::max()).dump(), "18446744073709551615");
}

TEST(Json, ARealThatNoIntegerIsBecomesTheNearestOne) {
  EXPECT_EQ(Json(1e300).get<int32_t>(), INT32_MAX);
  EXPECT_EQ(Json(-1e300).get<int64_t>(), INT64_MIN);
  EXPECT_EQ(Json(-1.5).get<uint64_t>(), 0u);
  EXPECT_EQ(Json(0x1p63).get<int64_t>(), INT64_MAX);
  EXPECT_EQ(Json(-2.75).get<int32_t>(), -2);
}

TEST(Json, NumbersAreComparedByValueAndObjectsWhateverTheirOrder) {
  EXPECT_EQ(Json(1), Json(1.0));
  EXPECT_EQ(Json(1), Json(1u));
  EXPECT_FALSE(Json(-1) == Json(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(ParsedJson(R"({"a":1,"b":[2]})"), ParsedJson(R"({"b":[2.0],"a":1})"));
  EXPECT_FALSE(ParsedJson(R"({"a":1})") == ParsedJson(R"({"a":1,"b":null})"));
  EXPECT_FALSE(Json("1") == Json(1));
}

TEST(Json, ABracedListIsAnObjectIfAllItsItemsArePairs) {
  EXPECT_EQ(Json({{"a", 1}, {"b", {1, 2}}}).dump(), R"({"a":1,"b":[1,2]})");
  EXPECT_EQ(Json({{"a", 1}, 2}).dump(), R"([["a",1],2])");
  EXPECT_EQ(Json::array({{"a", 1}}).dump(), R"([["a",1]])");
}

TEST(Json, AValueWithinTheTargetCanBeAssignedToIt) {
  Json json = ParsedJson(R"({"x":{"y":[1,[2,3]]}})");
  json = std::as_const(json)["x"];
  EXPECT_EQ(json.dump(), R"({"y":[1,[2,3]]})");
  json = std::move(json["y"][1]);
  EXPECT_EQ(json.dump(), "[2,3]");
}

TEST(Json, UseAsAnotherTypeIsALogicError) {
  const Json json = ParsedJson(R"({"a":[1]})");
  EXPECT_THROW(json.get<double>(), std::logic_error);
  EXPECT_THROW(json.begin(), std::logic_error);
  EXPECT_THROW(json["a"].str(), std::logic_error);
  EXPECT_THROW(json["a"].at(1), std::logic_error);
  EXPECT_THROW(json.at("b"), std::logic_error);
  EXPECT_TRUE(json["b"]["c"].is_null());  // of a constant document
  EXPECT_TRUE(json["a"].items().empty());
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
