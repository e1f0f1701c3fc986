#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cmath>
#include <cstring>

#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::HasSubstr;

Json Embeddings(const Json& request) { return DefaultRoutes().AskJson("POST", "/v1/embeddings", request.dump()); }

std::vector<float> Vector(const Json& request, size_t text = 0) {
  return Embeddings(request)["data"][text]["embedding"].get<std::vector<float>>();
}

std::vector<float> Unpacked(const std::string& base64) {
  std::string bytes(base64.size(), '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(base64.data()),
                  static_cast<int>(base64.size()));
  std::vector<float> values(3 * base64.size() / 4 / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void ExpectNear(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5) << i;
}

TEST(EmbeddingsRoute, AnswersWithVectorsOfLengthOne) {
  const Json answer =
      Embeddings({{"input", {"win a prize now", "see you at six"}}, {"model", "spam"}, {"user", "anna"}});
  EXPECT_EQ(answer["object"], "list");
  EXPECT_EQ(answer["model"], "spam");
  ASSERT_EQ(answer["data"].size(), 2u) << answer;
  std::vector<std::vector<float>> vectors;
  for (int i : {0, 1}) {
    EXPECT_EQ(answer["data"][i]["index"], i);
    EXPECT_EQ(answer["data"][i]["object"], "embedding");
    vectors.push_back(answer["data"][i]["embedding"].get<std::vector<float>>());
    EXPECT_NEAR(Dot(vectors.back(), vectors.back()), 1, 1e-5);
  }
  EXPECT_LT(Dot(vectors[0], vectors[1]), 0.9999);
  EXPECT_GT(answer["usage"]["prompt_tokens"].get<int>(), 8);
  EXPECT_EQ(answer["usage"]["prompt_tokens"], answer["usage"]["total_tokens"]);
  ExpectNear(Vector({{"input", "win a prize now"}}), vectors[0]);
}

TEST(EmbeddingsRoute, Base64HasTheSameNumbers) {
  const Json answer = Embeddings({{"input", "win a prize"}, {"encoding_format", "base64"}});
  ExpectNear(Unpacked(answer["data"][0]["embedding"].str()), Vector({{"input", "win a prize"}}));
}

TEST(EmbeddingsRoute, FewerDimensionsHaveLengthOneAgain) {
  const std::vector<float> all = Vector({{"input", "win"}});
  std::vector<float> some = Vector({{"input", "win"}, {"dimensions", 3}});
  ASSERT_EQ(some.size(), 3u);
  EXPECT_NEAR(Dot(some, some), 1, 1e-5);
  for (int i : {1, 2}) EXPECT_NEAR(some[i] / some[0], all[i] / all[0], 1e-3 * std::abs(all[i] / all[0]) + 1e-4);
  EXPECT_EQ(Vector({{"input", "win"}, {"dimensions", all.size()}}), all);
  const HttpResponse more =
      DefaultRoutes().Ask("POST", "/v1/embeddings", Json({{"input", "win"}, {"dimensions", all.size() + 1}}).dump());
  EXPECT_EQ(more.status, 422);
  EXPECT_EQ(ParsedJson(more.body)["error"]["param"], "dimensions");
}

TEST(EmbeddingsRoute, TokenIdsOfTokenizeHaveTheVectorOfTheirText) {
  std::vector<int32_t> ids;
  const Json tokens = DefaultRoutes().AskJson("POST", "/tokenize", R"({"inputs": "win a prize"})");
  for (const Json& token : tokens[0]) ids.push_back(token["id"].get<int32_t>());
  const std::vector<float> expected = Vector({{"input", "win a prize"}});
  ExpectNear(Vector({{"input", ids}}), expected);
  ExpectNear(Vector({{"input", Json::array({Json(ids), Json(ids)})}}, 1), expected);
}

TEST(EmbeddingsRoute, RefusesWhatIsNoInputOfThisModel) {
  for (const char* const input : {"null", "7", "{}", "[]", "[[]]", "[\"a\", 7]", "[7, \"a\"]", "[[7], \"a\"]", "[1.5]",
                                  "[-1]", "[[99999999]]", "[3, 4, 5]", "[true]", "[[[7]]]"}) {
    const HttpResponse response =
        DefaultRoutes().Ask("POST", "/v1/embeddings", R"({"input": )" + std::string(input) + "}");
    EXPECT_EQ(response.status, 422) << input << response.body;
    EXPECT_EQ(ParsedJson(response.body)["error"]["param"], "input") << input << response.body;
  }
  const Json linear = Embeddings({{"input", "win"}, {"model", "words"}});
  EXPECT_THAT(linear["error"]["message"].str(), HasSubstr("linear model"));
  EXPECT_EQ(linear["error"]["type"], "invalid_request_error");
  EXPECT_EQ(Embeddings({{"input", "win"}, {"model", "text-embedding-3-small"}})["error"]["code"], "model_not_found");
  EXPECT_EQ(Embeddings({{"input", "win"}, {"encoding_format", "int8"}})["error"]["param"], "encoding_format");
}

TEST(ModerationsRoute, CategoriesAreThePositiveLabel) {
  for (const std::string model : {"spam", "words"}) {
    const Json scores = DefaultRoutes().AskJson(
        "POST", "/v1/classify", Json({{"texts", {"win a prize now", "see you"}}, {"model", model}}).dump());
    const Json answer = DefaultRoutes().AskJson(
        "POST", "/v1/moderations", Json({{"input", {"win a prize now", "see you"}}, {"model", model}}).dump());
    EXPECT_EQ(answer["id"], "modr-the-id");
    EXPECT_EQ(answer["model"], model);
    ASSERT_EQ(answer["results"].size(), 2u) << answer;
    for (int i : {0, 1}) {
      const Json& result = answer["results"][i];
      const bool spam = scores["results"][i]["decision"] == "spam";
      EXPECT_EQ(result["flagged"], spam);
      EXPECT_EQ(result["categories"], Json({{"spam", spam}}));
      EXPECT_NEAR(result["category_scores"]["spam"].get<double>(), scores["results"][i]["score"].get<double>(), 1e-6);
      EXPECT_EQ(result["category_applied_input_types"], ParsedJson(R"({"spam": ["text"]})"));
    }
  }
}

TEST(ModerationsRoute, PartsAreOneText) {
  const auto scores = [](const Json& input) {
    return DefaultRoutes().AskJson("POST", "/v1/moderations", Json({{"input", input}}).dump())["results"];
  };
  const Json parts = scores({{{"type", "text"}, {"text", "win a"}}, {{"type", "text"}, {"text", "prize"}}});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts, scores("win a\nprize"));
  for (const char* const input :
       {"7", "[]", "[7]", R"([{"type": "image_url", "image_url": {"url": "x"}}])", R"([{"text": "a"}])", "null"}) {
    const HttpResponse response =
        DefaultRoutes().Ask("POST", "/v1/moderations", R"({"input": )" + std::string(input) + "}");
    EXPECT_EQ(response.status, 422) << input;
    const std::string param = std::string(input) == "[7]" ? "input[0]" : "input";
    EXPECT_EQ(ParsedJson(response.body)["error"]["param"], param) << input << response.body;
  }
}

TEST(OpenAiModels, AreThoseThatRequestsCanName) {
  const Json list = DefaultRoutes().AskJson("GET", "/v1/models");
  EXPECT_EQ(list["object"], "list");
  ASSERT_EQ(list["data"].size(), 2u);
  for (const Json& model : list["data"]) {
    EXPECT_EQ(model["object"], "model");
    EXPECT_GT(model["created"].get<int64_t>(), 1500000000);
    EXPECT_EQ(DefaultRoutes().AskJson("GET", "/v1/models/" + model["id"].str()), model);
  }
  EXPECT_EQ(list["data"][0]["id"], "spam");
  EXPECT_EQ(DefaultRoutes().AskJson("GET", "/v1/models/spam%3A1.0.0")["id"], "spam:1.0.0");
  const HttpResponse none = DefaultRoutes().Ask("GET", "/v1/models/gpt-4");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(ParsedJson(none.body)["error"]["code"], "model_not_found");
}

}  // namespace
}  // namespace winnow
