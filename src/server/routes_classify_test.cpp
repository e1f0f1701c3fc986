#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/served_routes.h"

namespace winnow {
namespace {

using nlohmann::json;

const ServedRoutes& Routes() {
  static const ServedRoutes routes;
  return routes;
}

TEST(ClassifyRoute, Explains) {
  for (const std::string model : {"spam", "words"}) {
    const json request = {{"texts", {"win a prize", "call me"}}, {"explain", true}, {"model", model}, {"top_k", 1}};
    const json answer = Routes().Json("POST", "/v1/classify", request.dump());
    ASSERT_EQ(answer["results"].size(), 2u) << answer;
    EXPECT_EQ(answer["id"], "the-id");
    const json& first = answer["results"][0];
    EXPECT_EQ(first["scores"].size(), 1u);
    EXPECT_EQ(first["explanation"]["method"], model == "spam" ? "occlusion" : "linear");
    EXPECT_EQ(first["explanation"]["words"][0]["text"], "win");
    json plain = request;
    plain["explain"] = false;
    const json without = Routes().Json("POST", "/v1/classify", plain.dump())["results"][0];
    EXPECT_FALSE(without.contains("explanation"));
    EXPECT_NEAR(without["score"], first["score"], 1e-5);
  }
}

TEST(ClassifyRoute, TakesItsOptionsAndNulls) {
  for (
      const char* const options :
      {R"("user": "u1")", R"("cache": "no-store")", R"("timeout_ms": 600000)", R"("mode": "strict", "top_k": 1.0)",
       R"("user": null, "cache": null, "timeout_ms": null, "model": null, "mode": null, "top_k": null, "explain": null)",
       R"("texts": null)", R"("unknown": [1])"}) {
    const std::string body = R"({"text": "win", )" + std::string(options) + "}";
    EXPECT_EQ(Routes().Ask("POST", "/v1/classify", body).status, 200) << options;
  }
  for (const char* const options :
       {R"("user": 7)", R"("cache": "yes")", R"("timeout_ms": 0)", R"("timeout_ms": 600001)", R"("explain": "yes")",
        R"("mode": "")", R"("top_k": -1)", R"("top_k": 0.5)", R"("top_k": 1e300)", R"("texts": "a")"}) {
    const std::string body = R"({"text": "win", )" + std::string(options) + "}";
    EXPECT_EQ(Routes().Ask("POST", "/v1/classify", body).status, 422) << options;
  }
  json many = {{"texts", std::vector<std::string>(17, "win")}};
  EXPECT_EQ(Routes().Ask("POST", "/v1/classify", many.dump()).status, 200);
  many["explain"] = true;
  EXPECT_EQ(Routes().Ask("POST", "/v1/classify", many.dump()).status, 422);
}

}  // namespace
}  // namespace winnow
