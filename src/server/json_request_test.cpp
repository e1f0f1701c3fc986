#include "server/json_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

const Json& Schema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "properties": {
      "text": {"type": "string"},
      "threshold": {"type": "number"},
      "row": {"type": "object"},
      "parameters": {"type": "object", "additionalProperties": false, "properties": {"top_k": {"type": "integer"}}},
      "inputs": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "properties": {"name": {}, "data": {}}}}}})");
  return schema;
}

/// The error for a value, or empty.
std::string ErrorFor(std::string_view json) {
  const ApiResult<void> checked = CheckFields(ParsedJson(json), Schema());
  if (checked) return "";
  EXPECT_EQ(checked.error().status, 422);
  return checked.error().message;
}

TEST(CheckFields, AcceptsTheFieldsOfTheSchema) {
  for (const char* const json :
       {"{}", R"({"text": "a", "threshold": null})", R"({"row": {"any": 1}})", R"({"parameters": {"top_k": 1}})",
        R"({"inputs": [{"name": 1}, {"data": 2}]})", R"({"parameters": 7, "inputs": "of another type"})"}) {
    EXPECT_EQ(ErrorFor(json), "") << json;
  }
}

TEST(CheckFields, NamesAnUnknownFieldAndSuggestsAKnownOne) {
  EXPECT_EQ(ErrorFor(R"({"treshold": 1})"), "unknown field 'treshold'; did you mean 'threshold'?");
  EXPECT_EQ(ErrorFor(R"({"Text": "a"})"), "unknown field 'Text'; did you mean 'text'?");
  EXPECT_EQ(ErrorFor(R"({"message": null})"),
            "unknown field 'message'; the fields are 'text', 'threshold', 'row', 'parameters', 'inputs'");
  EXPECT_EQ(ErrorFor(R"({"parameters": {"topk": 1}})"), "unknown field 'topk' in 'parameters'; did you mean 'top_k'?");
  EXPECT_EQ(ErrorFor(R"({"parameters": {"window": 1}})"),
            "unknown field 'window' in 'parameters'; the only field is 'top_k'");
  EXPECT_EQ(ErrorFor(R"({"inputs": [{"name": "a"}, {"nam": "b"}]})"),
            "unknown field 'nam' in 'inputs'; did you mean 'name'?");
}

TEST(ParseBody, RefusesFieldsOfTheBodyInTheQuery) {
  HttpRequest request;
  request.body = R"({"text": "a"})";
  const auto status = [&](std::string query) {
    request.query = std::move(query);
    const auto body = ParseBody(request, {}, Schema());
    return body ? 200 : body.error().status;
  };
  for (const char* const query : {"", "&", "a=b", "api-version=1&x", "%zz=1", "=text", "textual=1"}) {
    EXPECT_EQ(status(query), 200) << query;
  }
  for (const char* const query : {"threshold=0.2", "a=b&text=c", "text", "%74ext=1", "text=&"}) {
    EXPECT_EQ(status(query), 422) << query;
  }
}

TEST(CheckFields, ShowsNeitherLongNamesNorControlCharacters) {
  const std::string text(41, 'x');
  EXPECT_THAT(ErrorFor("{\"" + text + "\": 1}"), HasSubstr("a name of 41 bytes"));
  EXPECT_THAT(ErrorFor(R"({"\u001b[2J": 1})"), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace winnow
