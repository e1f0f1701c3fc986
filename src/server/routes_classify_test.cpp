#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/served_routes.h"

namespace winnow {
namespace {

TEST(ClassifyRoute, Explains) {
  for (const std::string model : {"spam", "words"}) {
    const Json request = {{"texts", {"win a prize", "call me"}}, {"explain", true}, {"model", model}, {"top_k", 1}};
    const Json answer = DefaultRoutes().AskJson("POST", "/v1/classify", request.dump());
    ASSERT_EQ(answer["results"].size(), 2u) << answer;
    EXPECT_EQ(answer["id"], "the-id");
    const Json& first = answer["results"][0];
    EXPECT_EQ(first["scores"].size(), 1u);
    EXPECT_EQ(first["explanation"]["method"], model == "spam" ? "occlusion" : "linear");
    EXPECT_EQ(first["explanation"]["words"][0]["text"], "win");
    Json plain = request;
    plain["explain"] = false;
    const Json without = DefaultRoutes().AskJson("POST", "/v1/classify", plain.dump())["results"][0];
    EXPECT_FALSE(without.contains("explanation"));
    EXPECT_NEAR(without["score"].get<double>(), first["score"].get<double>(), 1e-5);
  }
}

const ServedRoutes& MailRoutes() {
  static const ServedRoutes routes({}, "{subject} [SEP] {body:5}");
  return routes;
}

TEST(ClassifyRoute, RowsAndSegmentsAreReadAsInTraining) {
  const auto results = [](const Json& texts) {
    return MailRoutes().AskJson("POST", "/v1/classify", Json({{"texts", texts}}).dump())["results"];
  };
  const Json rows = results({{{"subject", "win"}, {"body", "a prize now"}, {"lang", 7}},
                             {{"body", "see you at six"}, {"subject", nullptr}},
                             {{"subject", "call [SEP] me\u001e"}, {"body", ""}},
                             "a plain\u001etext"});
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows, results({{"win", "a pri"}, {"", "see y"}, {"call [SEP] me ", ""}, "a plain text"}));
  const auto model = MailRoutes().Served("spam");
  std::vector<InputTextView> texts;
  for (const char* const joined : {"win\x1e"
                                   "a pri",
                                   "\x1esee y", "call [SEP] me \x1e", "a plain text"}) {
    texts.push_back(InputTextView::OfJoined(joined));
  }
  const auto expected = model->classifier().Classify(texts);
  for (size_t t = 0; t < texts.size(); ++t) {
    EXPECT_NEAR(rows[t]["score"].get<double>(), (*expected)[t].probabilities[1], 1e-6) << texts[t].joined();
  }
  EXPECT_GT(std::abs(rows[0]["score"].get<double>() - results({"win a pri"})[0]["score"].get<double>()), 1e-5);
}

TEST(ClassifyRoute, ExplainsTheTextThatTheTemplateMakesOfARow) {
  const Json request = {{"texts", {{{"subject", "win"}, {"body", "a prize"}}, {"win", "a pri"}}}, {"explain", true}};
  const Json answer = MailRoutes().AskJson("POST", "/v1/classify", request.dump())["results"];
  EXPECT_EQ(answer[0]["explanation"]["text"], "win\u001ea pri");
  EXPECT_EQ(answer[0]["explanation"]["words"][1]["text"], "a");
  EXPECT_EQ(answer[0]["explanation"]["words"][1]["begin"], 4);
  EXPECT_FALSE(answer[1]["explanation"].contains("text")) << "who sends segments knows it";
  EXPECT_EQ(answer[1]["explanation"]["words"], answer[0]["explanation"]["words"]);
}

TEST(ClassifyRoute, RefusesMoreSegmentsThanTheModelReads) {
  for (const char* const text : {"[]", "[7]", R"([["a"]])", R"(["a", "b", "c"])", "{}", R"({"title": "a"})",
                                 R"({"subject": 7})", R"({"subject": null})"}) {
    const HttpResponse response = MailRoutes().Ask("POST", "/v1/classify", R"({"text": )" + std::string(text) + "}");
    EXPECT_EQ(response.status, 422) << text;
  }
  const Json row = {{"text", {{"subject", "a"}}}};
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", row.dump()).status, 422) << "it has no template";
  const ServedRoutes small({.max_text_bytes = 8}, "{subject} [SEP] {body}");
  for (const char* const text : {R"(["12345", "678"])", R"({"subject": "12345", "body": "678"})"}) {
    EXPECT_EQ(small.Ask("POST", "/v1/classify", R"({"text": )" + std::string(text) + "}").status, 413) << text;
  }
  EXPECT_EQ(small.Ask("POST", "/v1/classify", R"({"text": ["12345", "67"]})").status, 200);
}

TEST(ClassifyRoute, NamesTheTextThatIsWrong) {
  const HttpResponse number = DefaultRoutes().Ask("POST", "/v1/classify", R"({"texts": ["a", 7]})");
  EXPECT_EQ(number.status, 422);
  EXPECT_THAT(number.body, testing::HasSubstr("'texts[1]' must be a string"));
  const HttpResponse words = DefaultRoutes().Ask("POST", "/v1/moderations", R"({"input": ["a", "b", null]})");
  EXPECT_EQ(words.status, 422);
  EXPECT_THAT(words.body, testing::HasSubstr("'input[2]' must be a string"));
}

TEST(ClassifyRoute, RefusesAListForAModelThatReadsOneSegment) {
  for (const char* const body :
       {R"({"text": ["win a prize", "see you"]})", R"({"texts": [["win a prize", "see you"]]})",
        R"({"texts": ["call me", ["a", "b"]], "model": "words"})"}) {
    const HttpResponse response = DefaultRoutes().Ask("POST", "/v1/classify", body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_THAT(response.body, testing::HasSubstr("use 'texts' with one string per text")) << body;
  }
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", R"({"text": ["win a prize"]})").status, 200);
}

TEST(ClassifyRoute, RefusesAMisspeltFieldOfTheTemplate) {
  for (const char* const text :
       {R"({"sbject": "win", "body": "a prize"})", R"({"subject": "win", "Body": "a prize"})"}) {
    const HttpResponse response = MailRoutes().Ask("POST", "/v1/classify", R"({"text": )" + std::string(text) + "}");
    EXPECT_EQ(response.status, 422) << text;
    EXPECT_THAT(response.body, testing::HasSubstr("did you mean '")) << text;
  }
  for (const char* const text : {R"({"body": "a prize"})", R"({"subject": "a", "body": "b", "bodies": 7, "id": 1})",
                                 R"({"subject": "a", "folder": "inbox"})"}) {
    EXPECT_EQ(MailRoutes().Ask("POST", "/v1/classify", R"({"text": )" + std::string(text) + "}").status, 200) << text;
  }
}

TEST(ClassifyRoute, DecidesByTheThresholdOfTheRequest) {
  for (const std::string model : {"spam", "words"}) {
    const auto result = [&](const Json& options) {
      Json request = {{"text", "win a prize"}, {"model", model}};
      request.update(options);
      return DefaultRoutes().AskJson("POST", "/v1/classify", request.dump())["results"][0];
    };
    const auto score = result(Json::object())["score"].get<double>();
    EXPECT_EQ(result({{"threshold", score * .9}})["decision"], "spam") << model;
    EXPECT_EQ(result({{"threshold", score + (1 - score) * .1}})["decision"], "ham") << model;
    EXPECT_EQ(result({{"threshold", .17}})["threshold"].dump(), "0.17") << model;
    EXPECT_EQ(result({{"mode", "strict"}})["threshold"].dump(), "0.3") << model;
    EXPECT_EQ(result({{"threshold", score * .9}, {"explain", true}})["decision"], "spam") << model;
  }
}

TEST(ClassifyRoute, NamesTheModelsIfTheModelIsUnknown) {
  for (const char* const path : {"/v1/classify", "/predict", "/tokenize", "/models/switch"}) {
    Json request = {{"model", "wrods"}};
    if (path != std::string_view("/models/switch"))
      request[path[1] == 'v' || path[1] == 'p' ? "text" : "inputs"] = "win";
    const HttpResponse response = DefaultRoutes().Ask("POST", path, request.dump());
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(ParsedJson(response.body)["error"],
              "no model has this name; did you mean 'words'? (existing models: spam:1.0.0, words:1.0.0)");
  }
}

TEST(ClassifyRoute, TakesItsOptionsAndNulls) {
  for (
      const char* const options :
      {R"("user": "u1")", R"("cache": "no-store")", R"("timeout_ms": 600000)", R"("mode": "strict", "top_k": 1.0)",
       R"("user": null, "cache": null, "timeout_ms": null, "model": null, "mode": null, "top_k": null, "explain": null)",
       R"("texts": null)", R"("threshold": 0.4)", R"("threshold": 1e-50)", R"("threshold": null, "mode": "lenient")"}) {
    const std::string body = R"({"text": "win", )" + std::string(options) + "}";
    EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", body).status, 200) << options;
  }
  for (const char* const options :
       {R"("user": 7)", R"("cache": "yes")", R"("timeout_ms": 0)", R"("timeout_ms": 600001)", R"("explain": "yes")",
        R"("unknown": [1])", R"("threshold": 0)", R"("threshold": 1)", R"("threshold": "0.5")",
        R"("threshold": 0.5, "mode": "moderate")", R"("mode": "")", R"("top_k": -1)", R"("top_k": 0.5)",
        R"("top_k": 1e300)", R"("texts": "a")"}) {
    const std::string body = R"({"text": "win", )" + std::string(options) + "}";
    EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", body).status, 422) << options;
  }
  Json many = {{"texts", std::vector<std::string>(17, "win")}};
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", many.dump()).status, 200);
  many["explain"] = true;
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/v1/classify", many.dump()).status, 422);
}

}  // namespace
}  // namespace winnow
