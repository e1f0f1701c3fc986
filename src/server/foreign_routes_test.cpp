#include "server/foreign_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(ForeignRoutes, AreAnsweredWithTheRouteToUse) {
  for (const char* const path : {"/v1/chat/completions", "/v1/models/spam/versions/1:predict", "/predictions/spam",
                                 "/predictions/spam/1.0", "/v1/predict", "/v1/predict/", "/models/ProsusAI/finbert"}) {
    const HttpResponse response = DefaultRoutes().Ask("POST", path, R"({"input": "secret words"})");
    EXPECT_EQ(response.status, 404) << path;
    const Json body = ParsedJson(response.body);
    EXPECT_EQ(body["error_type"], "NotFound") << path;
    EXPECT_THAT(body["error"].str(), HasSubstr("POST /v1/classify")) << path;
    EXPECT_THAT(body["error"].str(), HasSubstr("{\"text\": ")) << path;
    EXPECT_THAT(response.body, testing::Not(HasSubstr("secret"))) << path;
  }
  const HttpResponse kserve = DefaultRoutes().Ask("POST", "/v1/models/spam:predict", "{}");
  EXPECT_EQ(kserve.status, 405) << "GET asks for a model of that name";
  EXPECT_THAT(kserve.body, HasSubstr("POST /v1/classify"));
  EXPECT_THAT(PointerFrom("/embed_all").value(), HasSubstr("POST /v1/embeddings"));
  EXPECT_THAT(PointerFrom("/moderations").value(), HasSubstr("POST /v1/moderations"));
  EXPECT_THAT(PointerFrom("/v2/models/spam/stats").value(), HasSubstr("GET /metrics"));
  EXPECT_THAT(PointerFrom("/healthz").value(), HasSubstr("GET /health"));
}

TEST(ForeignRoutes, TheirExampleIsARequestOfThatRoute) {
  const std::string pointer = PointerFrom("/v1/completions").value();
  const std::string body = pointer.substr(pointer.find('{'));
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", body).status, 200) << body;
}

TEST(ForeignRoutes, LeaveOtherPathsAlone) {
  for (const char* const path : {"/", "", "/nowhere", "/v1", "/predictions//", "/v1/models/a/b/c", "/v1/models",
                                 "/v1/moderations/x", "/V1/completions"}) {
    EXPECT_EQ(PointerFrom(path), std::nullopt) << path;
  }
}

TEST(ForeignRoutes, LongPathsTakeNoTime) {
  const std::string path = "/v1/models/" + std::string(100000, ':') + "/versions/" + std::string(100000, ':') + "/x";
  EXPECT_EQ(PointerFrom(path), std::nullopt);
}

}  // namespace
}  // namespace winnow
