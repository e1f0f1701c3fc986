#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/served_routes.h"

namespace winnow {
namespace {

constexpr char kTexts[] =
    R"({"inputs": [{"name": "text", "datatype": "BYTES", "shape": [2], "data": ["win a prize", "call me"]}]})";

TEST(V2Routes, GiveTheScoresOfClassify) {
  for (const std::string model : {"spam", "words"}) {
    const Json ours = DefaultRoutes().AskJson("POST", "/v2/models/" + model + "/infer", kTexts);
    const Json theirs = DefaultRoutes().AskJson("POST", "/v1/classify",
                                                R"({"texts": ["win a prize", "call me"], "model": ")" + model + "\"}");
    EXPECT_EQ(ours["model_name"], model);
    EXPECT_EQ(ours["model_version"], "1.0.0");
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(ours["outputs"][0]["data"][i], theirs["results"][i]["label"]);
      EXPECT_NEAR(ours["outputs"][1]["data"][i].get<double>(), theirs["results"][i]["score"].get<double>(), 1e-5);
    }
  }
}

TEST(V2Routes, TheSeparatorOfSegmentsIsASpaceInATextAsInOtherRoutes) {
  const double expected =
      DefaultRoutes()
          .AskJson("POST", "/v1/classify", R"({"text": "win a prize "})")["results"][0]["confidence"]
          .get<double>();
  const char* const text = R"("win\u001ea prize\u001e")";
  const auto classified = DefaultRoutes().AskJson("POST", "/v1/classify", fmt::format(R"({{"text": {}}})", text));
  EXPECT_NEAR(classified["results"][0]["confidence"].get<double>(), expected, 1e-6);
  const auto predicted = DefaultRoutes().AskJson("POST", "/predict", fmt::format(R"({{"text": {}}})", text));
  EXPECT_NEAR(predicted["confidence"].get<double>(), expected, 1e-6);
  const std::string input =
      fmt::format(R"({{"inputs": [{{"name": "text", "datatype": "BYTES", "shape": [1], "data": [{}]}}]}})", text);
  const Json inferred = DefaultRoutes().AskJson("POST", "/v2/models/spam/infer", input);
  const double score = inferred["outputs"][1]["data"][0].get<double>();  // of the positive label
  EXPECT_NEAR(inferred["outputs"][0]["data"][0] == "spam" ? score : 1 - score, expected, 1e-6);
}

TEST(V2Routes, FindModelsByNameAndVersion) {
  for (const char* const path : {"/v2/models/spam", "/v2/models/spam/versions/1.0.0", "/v2/models/spam:1.0.0"}) {
    const std::string base = path;
    EXPECT_EQ(DefaultRoutes().Ask("GET", base).status, 200) << path;
    EXPECT_EQ(DefaultRoutes().Ask("GET", base + "/ready").status, 200) << path;
    EXPECT_EQ(DefaultRoutes().Ask("POST", base + "/infer", kTexts).status, 200) << path;
  }
  for (const char* const path : {"/v2/models/none", "/v2/models/spam/versions/2.0.0", "/v2/models/spam:2.0.0",
                                 "/v2/models/spam:1.0.0/versions/1.0.0", "/v2/models/spam/versions/@x"}) {
    const std::string base = path;
    EXPECT_EQ(DefaultRoutes().Ask("GET", base).status, 404) << path;
    EXPECT_EQ(DefaultRoutes().Ask("GET", base + "/ready").status, 404) << path;
    const HttpResponse response = DefaultRoutes().Ask("POST", base + "/infer", kTexts);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_TRUE(ParsedJson(response.body)["error"].is_string());
  }
}

TEST(V2Routes, ListModelsAndTheirStates) {
  EXPECT_EQ(DefaultRoutes().AskJson("GET", "/v2")["name"], "winnow");
  EXPECT_EQ(DefaultRoutes().AskJson("GET", "/v2/health/live")["live"], true);
  EXPECT_EQ(DefaultRoutes().AskJson("GET", "/v2/health/ready")["ready"], true);
  const Json model = DefaultRoutes().AskJson("GET", "/v2/models/words");
  EXPECT_EQ(model["platform"], "winnow_lr");
  EXPECT_EQ(model["versions"], Json({"1.0.0"}));
  EXPECT_EQ(model["inputs"], ParsedJson(R"([{"name": "text", "datatype": "BYTES", "shape": [-1]}])"));
  EXPECT_EQ(model["outputs"][2], ParsedJson(R"({"name": "scores", "datatype": "FP32", "shape": [-1, 2]})"));
  EXPECT_EQ(model["labels"], Json({"ham", "spam"}));
  for (const char* const body : {"", "{}", R"({"ready": true})"}) {  // Triton's client sends nothing
    const Json index = DefaultRoutes().AskJson("POST", "/v2/repository/index", body);
    ASSERT_EQ(index.size(), 2u);
    EXPECT_EQ(index[0]["name"], "spam");
    EXPECT_EQ(index[0]["state"], "READY");
  }
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v2/repository/index", R"({"ready": 1})").status, 422);
}

TEST(V2Routes, DecideByTheParametersOfTheRequest) {
  const auto label = [](const Json& parameters) {
    Json request = ParsedJson(kTexts);
    request["parameters"] = parameters;
    return DefaultRoutes().AskJson("POST", "/v2/models/words/infer", request.dump())["outputs"][0]["data"][0];
  };
  const Json scores = DefaultRoutes().AskJson("POST", "/v2/models/words/infer", kTexts)["outputs"][1]["data"];
  const auto score = scores[0].get<double>();
  EXPECT_EQ(label({{"threshold", score * .9}, {"priority", 1}}), "spam");
  EXPECT_EQ(label({{"threshold", score + (1 - score) * .1}}), "ham");
  EXPECT_EQ(DefaultRoutes()
                .Ask("POST", "/v2/models/words/infer",
                     R"({"parameters": {"mode": "strict"}, )" + std::string(kTexts).substr(1))
                .status,
            200);
}

TEST(V2Routes, RefuseAnotherModelInTheBodyAndUnknownFields) {
  for (const auto& [model_name, status] : {std::pair(Json("words"), 200), {nullptr, 200}, {Json("spam"), 422}}) {
    Json request = ParsedJson(kTexts);
    request["model_name"] = model_name;
    EXPECT_EQ(DefaultRoutes().Ask("POST", "/v2/models/words/infer", request.dump()).status, status) << model_name;
  }
  for (const char* const path : {"/v2/repository/index", "/v2/repository/models/words/load"}) {
    EXPECT_EQ(DefaultRoutes().Ask("POST", path, R"({"redy": true})").status, 422) << path;
    EXPECT_EQ(DefaultRoutes().Ask("POST", path, "{}").status, 200) << path;
  }
  EXPECT_EQ(
      DefaultRoutes().Ask("POST", "/v2/repository/models/words/load", R"({"parameters": {"config": "{}"}})").status,
      422);
}

TEST(V2Routes, TakeAndReturnBinaryTensors) {
  const std::string head =
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"text","datatype":"BYTES","shape":[1,1],)"
      R"("parameters":{"binary_data_size":7}}]})";
  const std::string text("\x03\0\0\0win", 7);
  const HttpResponse response = DefaultRoutes().Ask("POST", "/v2/models/spam/infer", head + text,
                                                    {{"inference-header-content-length", std::to_string(head.size())}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/octet-stream");
  const size_t size = std::stoul(response.headers.at(0).second);
  const Json answer = ParsedJson(response.body.substr(0, size));
  float score = 0;
  std::memcpy(&score,
              response.body.data() + size + answer["outputs"][0]["parameters"]["binary_data_size"].get<size_t>(),
              sizeof(score));
  EXPECT_NEAR(
      score, DefaultRoutes().AskJson("POST", "/v1/classify", R"({"text": "win"})")["results"][0]["score"].get<double>(),
      1e-5);
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v2/models/spam/infer", head + text).status, 400);  // which is no JSON
  EXPECT_EQ(
      DefaultRoutes().Ask("POST", "/v2/models/spam/infer", "win", {{"inference-header-content-length", "0"}}).status,
      200);
}

}  // namespace
}  // namespace winnow
