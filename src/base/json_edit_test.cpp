#include "base/json_edit.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(WithMember, LeavesEveryOtherByte) {
  const std::string text = "{\n  \"a\" : 1.50,\t\"b\": {\"c\": [1, \"}\", {}], \"a\": 2},\r\n  \"d\": \"\\\"\" }\n";
  EXPECT_EQ(WithMember(text, "a", 7, "x").value(),
            "{\n  \"a\" : 7,\t\"b\": {\"c\": [1, \"}\", {}], \"a\": 2},\r\n  \"d\": \"\\\"\" }\n");
  EXPECT_EQ(WithMember(text, "b", nullptr, "x").value(), "{\n  \"a\" : 1.50,\t\"b\": null,\r\n  \"d\": \"\\\"\" }\n");
  EXPECT_EQ(WithMember(text, "d", "e", "x").value(),
            "{\n  \"a\" : 1.50,\t\"b\": {\"c\": [1, \"}\", {}], \"a\": 2},\r\n  \"d\": \"e\" }\n");
}

TEST(WithMember, AddsAMissingMember) {
  EXPECT_EQ(WithMember("{}", "a", 1, "x").value(), "{\n  \"a\": 1\n}");
  EXPECT_EQ(ParseJson(WithMember("{\n  \"b\": {\"a\": 2}}", "a", 1, "x").value(), "x").value(),
            Json({{"a", 1}, {"b", {{"a", 2}}}}));
}

TEST(WithMember, ReplacesAMemberThatIsThereTwice) {
  EXPECT_EQ(WithMember(R"({"a": 1, "b": 2, "a": [3]})", "a", 4, "x").value(), R"({"a": 4, "b": 2, "a": 4})");
}

TEST(MemberText, FindsMembersOfTheOutermostObjectOnly) {
  const std::string text = R"({"a": {"b": 1}, "c": [1, 2], "a": null})";
  EXPECT_EQ(MemberText(text, "a", "x").value(), "null");
  EXPECT_EQ(MemberText(text, "c", "x").value(), "[1, 2]");
  EXPECT_EQ(MemberText(text, "b", "x").value(), std::nullopt);
}

TEST(MemberText, RefusesWhatIsNoObject) {
  for (const char* text :
       {"", " ", "[]", "7", "{", "{\"a\"", "{\"a\":", "{\"a\": 1", "{\"a\": [1}", "{\"a\": \"1}", "{\"a\" 1}", "{a: 1}",
        "{\"a\": }", "{\"a\": 1 \"b\": 2}", "{} {}", "{\"a\": 1,}", "{\"\\"}) {
    const auto found = MemberText(text, "a", "file.json");
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().message, "file.json: the file is not a JSON object");
    EXPECT_FALSE(WithMember(text, "a", 1, "file.json")) << text;
  }
}

}  // namespace
}  // namespace winnow
