#include "server/query_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::HasSubstr;

ApiResult<QueryParameters> Read(const std::string& query) {
  HttpRequest request;
  request.query = query;
  return QueryParameters::Read(request, ParsedJson(R"({"properties": {"user": {}, "limit": {}, "isSpam": {}}})"));
}

TEST(QueryParameters, AreDecoded) {
  const QueryParameters query = Read("user=anna+b%26c%3D%C3%A9&limit=7&&isSpam=true").value();
  EXPECT_EQ(query.Text("user"), "anna b&c=é");
  EXPECT_EQ(query.Integer("limit", 1, 1, 10), 7);
  EXPECT_EQ(query.Flag("isSpam").value(), true);
  EXPECT_EQ(Read("limit=.5").value().Number("limit").value(), 0.5);
}

TEST(QueryParameters, MayBeAbsentOrEmpty) {
  for (const char* const text : {"", "user=", "user"}) {
    EXPECT_FALSE(Read(text).value().Text("user"));
    EXPECT_EQ(Read(text).value().Integer("limit", 5, 1, 10), 5);
  }
}

TEST(QueryParameters, SayWhatIsWrong) {
  EXPECT_THAT(Read("usr=anna").error().message, HasSubstr("'user'"));
  EXPECT_THAT(Read("user=a&user=b").error().message, HasSubstr("twice"));
  for (const char* const text : {"user=%f", "user=%zz", "user=%ff"}) {
    EXPECT_THAT(Read(text).error().message, HasSubstr("percent-encoded")) << text;
  }
  for (const char* const text : {"limit=0", "limit=11", "limit=1x", "limit=1e3", "limit=-1"}) {
    EXPECT_EQ(Read(text).value().Integer("limit", 5, 1, 10).error().status, 422) << text;
  }
  for (const char* const text : {"limit=nan", "limit=inf", "limit=a"}) {
    EXPECT_FALSE(Read(text).value().Number("limit")) << text;
  }
  EXPECT_FALSE(Read("isSpam=1").value().Flag("isSpam"));
}

}  // namespace
}  // namespace winnow
