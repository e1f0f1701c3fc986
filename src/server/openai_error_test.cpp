#include "server/openai_error.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

Json Fitted(int status, std::string_view type, std::string_view message) {
  const Route route{.method = "POST", .path = "/v1/embeddings", .error_form = ErrorForm::kOpenAi};
  HttpResponse response = ErrorResponse(status, type, message);
  FitErrorForm(&route, response);
  const std::string once = response.body;
  FitErrorForm(&route, response);
  EXPECT_EQ(response.body, once);
  return ParsedJson(response.body)["error"];
}

TEST(OpenAiErrors, NameTheFieldAndTheCode) {
  EXPECT_EQ(Fitted(422, "Validation", "'input' must be a text"), Json({{"message", "'input' must be a text"},
                                                                       {"type", "invalid_request_error"},
                                                                       {"param", "input"},
                                                                       {"code", nullptr}}));
  EXPECT_EQ(Fitted(404, "NotFound", "no model has this name"), Json({{"message", "no model has this name"},
                                                                     {"type", "invalid_request_error"},
                                                                     {"param", "model"},
                                                                     {"code", "model_not_found"}}));
  EXPECT_EQ(Fitted(401, "Unauthorized", "an API key is required")["code"], "invalid_api_key");
  EXPECT_EQ(Fitted(429, "Overloaded", "the queue is full")["code"], "rate_limit_exceeded");
  EXPECT_EQ(Fitted(503, "Unavailable", "not loaded")["type"], "server_error");
  EXPECT_EQ(Fitted(422, "Validation", "'unclosed")["param"], Json());
}

TEST(OpenAiErrors, LeaveOtherRoutesAndResponsesAlone) {
  const Route ours{.method = "POST", .path = "/v1/classify"};
  const Route theirs{.method = "POST", .path = "/v1/embeddings", .error_form = ErrorForm::kOpenAi};
  for (const auto& [route, status] : {std::pair(&ours, 422), std::pair(&theirs, 200)}) {
    HttpResponse response = ErrorResponse(status, "Validation", "no");
    const std::string before = response.body;
    FitErrorForm(route, response);
    EXPECT_EQ(response.body, before);
  }
}

}  // namespace
}  // namespace winnow
