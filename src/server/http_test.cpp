#include "server/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;

const RouteTable& Table() {
  static const RouteTable table({{.method = "GET", .path = "/health", .docs = {}, .handle = {}},
                                 {.method = "POST", .path = "/v2/models/{model}/infer", .docs = {}, .handle = {}},
                                 {.method = "GET", .path = "/v2/models/{model}", .docs = {}, .handle = {}}});
  return table;
}

TEST(Routes, MatchWholeSegments) {
  EXPECT_EQ(Table().Find("GET", "/health").route, &Table().routes()[0]);
  for (const char* path : {"/healthy", "/health//", "/", "//", "", "health", "/v2/models", "/v2/models/"}) {
    EXPECT_EQ(Table().Find("GET", path).route, nullptr) << path;
  }
}

TEST(Routes, IgnoreASlashAtTheEnd) {
  EXPECT_EQ(Table().Find("HEAD", "/health/").route, &Table().routes()[0]);
  EXPECT_EQ(Table().Find("POST", "/health/").allowed, "GET");
  const RouteMatch match = Table().Find("GET", "/v2/models/spam/");
  EXPECT_EQ(match.route, &Table().routes()[2]);
  EXPECT_THAT(match.parameters, ElementsAre("spam"));
  EXPECT_EQ(Table().Find("GET", "/v2/models//").route, nullptr);
}

TEST(Routes, GiveTheirParametersDecoded) {
  const RouteMatch match = Table().Find("POST", "/v2/models/my%20spam/infer");
  EXPECT_EQ(match.route, &Table().routes()[1]);
  EXPECT_THAT(match.parameters, ElementsAre("my spam"));
  EXPECT_EQ(Table().Find("POST", "/v2/models/%zz/infer").route, nullptr);
  EXPECT_EQ(Table().Find("POST", "/v2/models//infer").route, nullptr);
}

TEST(Routes, ListTheAllowedMethods) {
  const RouteMatch match = Table().Find("DELETE", "/health");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, "GET");
  EXPECT_EQ(Table().Find("HEAD", "/health").route, &Table().routes()[0]);
}

TEST(Http, ErrorsAreJsonWhateverTheMessage) {
  const HttpResponse response = ErrorResponse(422, "Validation", "bad \"text\"\xff");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body, "{\"error\":\"bad \\\"text\\\"\xef\xbf\xbd\",\"error_type\":\"Validation\"}");
}

}  // namespace
}  // namespace winnow
