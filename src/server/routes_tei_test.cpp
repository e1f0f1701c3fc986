#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "classify/transformer_scorer.h"
#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Pair;

std::string Long() {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "win ";
  return text;
}

TEST(Predict, TheFormOfTheRequestDecidesTheFormOfTheAnswer) {
  const Json one = DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": "win a prize"})");
  ASSERT_EQ(one.size(), 2u);
  EXPECT_GE(one[0]["score"].get<double>(), one[1]["score"].get<double>());
  EXPECT_NEAR(one[0]["score"].get<double>() + one[1]["score"].get<double>(), 1, 1e-5);
  for (const char* const path : {"/", "/invocations"}) {
    EXPECT_EQ(DefaultRoutes().AskJson("POST", path, R"({"inputs": "win a prize"})"), one);
  }
  const Json list = DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": ["win a prize"]})");
  EXPECT_EQ(list, Json::array({one}));
  EXPECT_EQ(DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": [["win a prize"]], "truncate": true})"), list);
  // As huggingface_hub's InferenceClient asks, and takes the answer's first.
  EXPECT_EQ(DefaultRoutes().AskJson("POST", "/", R"({"inputs": "win a prize", "parameters": {}})"), list);
  const Json top = DefaultRoutes().AskJson(
      "POST", "/", R"({"inputs": "win a prize", "parameters": {"top_k": 1, "function_to_apply": null}})");
  EXPECT_EQ(top, Json::array({Json::array({one[0]})}));
  const Json plain = DefaultRoutes().AskJson("POST", "/predict", R"({"text": "win a prize"})");
  EXPECT_EQ(plain["model"], "spam");
  EXPECT_EQ(plain["scores"].size(), 2u);
}

TEST(Predict, RawScoresAreTheLogitsUpToAConstant) {
  const InputTextView text = "win a prize";
  TokenizedTexts tokens;
  const auto logits = DefaultRoutes().Served("spam")->classifier().Logits({&text, 1}, tokens).value();
  const Json raw = DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": "win a prize", "raw_scores": true})");
  std::map<std::string, double> by_label;
  for (const Json& each : raw) by_label[each["label"].str()] = each["score"].get<double>();
  EXPECT_NEAR(by_label["spam"] - by_label["ham"], logits[1] - logits[0], 1e-3);
  EXPECT_NEAR(by_label["spam"] + by_label["ham"], 0, 1e-6);
  EXPECT_EQ(DefaultRoutes().AskJson("POST", "/",
                                    R"({"inputs": "win a prize", "parameters": {"function_to_apply": "none"}})")[0],
            raw);
}

TEST(Predict, RefusesTooLongATextIfTruncateIsFalse) {
  const std::string text = Long();
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/predict", Json({{"inputs", text}}).dump()).status, 200);
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/predict", Json({{"inputs", text}, {"truncate", true}}).dump()).status, 200);
  const HttpResponse response =
      DefaultRoutes().Ask("POST", "/predict", Json({{"inputs", text}, {"truncate", false}}).dump());
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(ParsedJson(response.body)["error_type"], "Validation");
  EXPECT_THAT(response.body, HasSubstr("24 tokens"));
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/predict", R"({"inputs": ["win", "call me"], "truncate": false})").status,
            200);
}

TEST(Predict, HeadersTellTimesTokensAndCharacters) {
  const HttpResponse response = DefaultRoutes().Ask("POST", "/predict", R"({"inputs": ["wän", "call me"]})");
  EXPECT_THAT(response.headers, Contains(Pair("x-compute-characters", "10")));
  EXPECT_THAT(response.headers, Contains(Pair("x-compute-type", "cpu")));
  EXPECT_THAT(response.headers, Contains(Key("x-compute-time")));
  EXPECT_THAT(response.headers, Contains(Key("x-total-time")));
}

/// The probability of "spam", computed of tokens that are put together here.
float OfPair(const ServedModel& model, std::string_view first, std::string_view second) {
  const auto& scorer = dynamic_cast<const TransformerScorer&>(model.classifier().scorer());
  const Tokenizer& tokenizer = scorer.encoder().tokenizer();
  PreparedTexts prepared;
  TokenizedTexts& tokens = prepared.tokens;
  std::vector<int32_t>& ids = tokens.windows.ids;
  const int32_t cls = tokenizer.before()[0], sep = tokenizer.after()[0];
  ids.push_back(cls);
  tokenizer.EncodeContent(first, 100, ids);
  ids.push_back(sep);
  const size_t second_begin = ids.size();
  tokenizer.EncodeContent(second, 100, ids);
  ids.push_back(sep);
  tokens.windows.EndPair(second_begin);
  tokens.begins.push_back(1);
  std::vector<float> probabilities(2);
  EXPECT_TRUE(model.classifier().ProbabilitiesOf(prepared, probabilities));
  return probabilities[1];
}

double SpamScore(const Json& predictions) {
  for (const Json& each : predictions) {
    if (each["label"] == "spam") return each["score"].get<double>();
  }
  return -1;
}

TEST(Predict, PairsAreEncodedByTheTokenizer) {
  const Json answer =
      DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": [["win", "a prize"], ["win a prize"], "call me"]})");
  ASSERT_EQ(answer.size(), 3u);
  EXPECT_NEAR(SpamScore(answer[0]), OfPair(*DefaultRoutes().Served("spam"), "win", "a prize"), 1e-6);
  EXPECT_EQ(answer[1], DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": "win a prize"})"));
  EXPECT_GT(std::abs(SpamScore(answer[0]) - SpamScore(answer[1])), 1e-5);
  EXPECT_EQ(DefaultRoutes().AskJson("POST", "/predict", R"({"inputs": ["win", "a prize"]})").size(), 2u) << "a batch";
  const std::string words = "win a prize now see you at six call me later free money win a prize now see you at six";
  const Json pair = {{"inputs", Json::array({Json::array({words, "prize"})})}, {"truncate", false}};
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/predict", pair.dump()).status, 413);
}

TEST(Predict, PairsAreTheSegmentsOfAModelWithATemplate) {
  const ServedRoutes mail({}, "{subject} [SEP] {body}");
  const Json segments = mail.AskJson("POST", "/v1/classify", R"({"text": ["win", "a prize"]})")["results"][0];
  const Json pair = mail.AskJson("POST", "/predict", R"({"inputs": ["win", "a prize"]})");
  ASSERT_EQ(pair.size(), 2u);
  EXPECT_NEAR(SpamScore(pair), segments["score"].get<double>(), 1e-6);
  EXPECT_EQ(mail.AskJson("POST", "/predict", R"({"inputs": [["win", "a prize"]]})"), Json::array({pair}));
  EXPECT_EQ(mail.AskJson("POST", "/", R"({"inputs": ["win", "a prize"], "parameters": {}})"), Json::array({pair}));
  const HttpResponse response = mail.Ask("POST", "/predict", R"({"inputs": ["win", "a prize"]})");
  EXPECT_THAT(response.headers, Contains(Pair("x-compute-characters", "10")));
  EXPECT_EQ(mail.AskJson("POST", "/predict", R"({"inputs": ["win", "a", "prize"]})").size(), 3u);
}

TEST(Predict, UsesTheModelAndTheThresholdOfTheRequest) {
  const Json spam = DefaultRoutes().AskJson("POST", "/predict", R"({"text": "win a prize"})");
  const Json words = DefaultRoutes().AskJson("POST", "/predict", R"({"text": "win a prize", "model": "words"})");
  EXPECT_EQ(spam["model"], "spam");
  EXPECT_EQ(words["model"], "words");
  EXPECT_NE(spam["scores"], words["scores"]);
  EXPECT_EQ(SpamScore(DefaultRoutes().AskJson("POST", "/", R"({"inputs": "win a prize", "model": "words"})")),
            words["scores"]["spam"].get<double>());
  const auto label = [](double threshold) {
    return DefaultRoutes().AskJson("POST", "/predict",
                                   Json({{"text", "win a prize"}, {"threshold", threshold}}).dump())["label"];
  };
  const auto score = spam["scores"]["spam"].get<double>();
  EXPECT_EQ(label(score * .9), "spam");
  EXPECT_EQ(label(score + (1 - score) * .1), "ham");
}

TEST(Predict, TakesWhatHuggingFacesClientsSend) {
  const Json all = DefaultRoutes().AskJson("POST", "/", R"({"inputs": "win a prize", "parameters": {}})");
  for (const char* const more :
       {R"("parameters": {"return_all_scores": true})", R"("parameters": {"truncation": true, "top_k": null})",
        R"("parameters": {}, "options": {"use_cache": false, "wait_for_model": true})"}) {
    const std::string body = R"({"inputs": "win a prize", )" + std::string(more) + "}";
    EXPECT_EQ(DefaultRoutes().AskJson("POST", "/", body), all) << more;
  }
  const Json best =
      DefaultRoutes().AskJson("POST", "/", R"({"inputs": "a", "parameters": {"return_all_scores": false}})");
  EXPECT_EQ(best[0].size(), 1u);
  const Json cut = {{"inputs", Long()}, {"parameters", {{"truncation", false}}}};
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/", cut.dump()).status, 413);
}

TEST(Predict, RefusesInvalidRequests) {
  for (const char* const body : {"{}",
                                 R"({"inputs": "a", "input": "b"})",
                                 R"({"inputs": "a", "parameters": {"topk": 1}})",
                                 R"({"inputs": "a", "options": {"gpu": true}})",
                                 R"({"inputs": "a", "options": 7})",
                                 R"({"inputs": "a", "threshold": 0.3})",
                                 R"({"inputs": "a", "mode": "strict"})",
                                 R"({"text": "a", "threshold": 2})",
                                 R"({"text": "a", "raw_scores": true})",
                                 R"({"text": "a", "parameters": {"top_k": 1}})",
                                 R"({"inputs": []})",
                                 R"({"inputs": [["a", "b", "c"]]})",
                                 R"({"inputs": [[]]})",
                                 R"({"inputs": {"a": "b"}})",
                                 R"({"inputs": [{"a": "b"}]})",
                                 R"({"inputs": [[["a"]]]})",
                                 R"({"inputs": [["a", 7]]})",
                                 R"({"inputs": 7})",
                                 R"({"inputs": [7]})",
                                 R"({"inputs": "a", "text": "b"})",
                                 R"({"inputs": null})",
                                 R"({"text": ["a"]})",
                                 R"({"inputs": "a", "truncate": "yes"})",
                                 R"({"inputs": "a", "raw_scores": 1})",
                                 R"({"inputs": "a", "truncation_direction": "Left"})",
                                 R"({"inputs": "a", "parameters": 7})",
                                 R"({"inputs": "a", "parameters": {"top_k": -1}})",
                                 R"({"inputs": "a", "parameters": {"top_k": 1.5}})",
                                 R"({"inputs": "a", "parameters": {"function_to_apply": "relu"}})",
                                 R"({"inputs": "a", "parameters": {"function_to_apply": "sigmoid"}})"}) {
    const HttpResponse response = DefaultRoutes().Ask("POST", "/predict", body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_EQ(ParsedJson(response.body)["error_type"], "Validation") << body;
  }
  const ServedRoutes few({.max_texts = 2});
  const HttpResponse many = few.Ask("POST", "/predict", R"({"inputs": ["a", "b", "c"]})");
  EXPECT_EQ(many.status, 413);
  EXPECT_EQ(ParsedJson(many.body)["error_type"], "Validation");
}

TEST(Tokenize, ReturnsTheTextOfEachToken) {
  const Json answer = DefaultRoutes().AskJson("POST", "/tokenize", R"({"inputs": ["ä win", ""]})");
  ASSERT_EQ(answer.size(), 2u);
  const Json& tokens = answer[0];
  EXPECT_EQ(tokens.front(), ParsedJson(R"({"id": 2, "text": "[CLS]", "special": true, "start": null, "stop": null})"));
  EXPECT_EQ(tokens.back()["text"], "[SEP]");
  EXPECT_EQ(tokens[1]["text"], "ä");
  EXPECT_EQ(tokens[1]["start"], 0);
  EXPECT_EQ(tokens[1]["stop"], 1);
  EXPECT_EQ(tokens[2]["start"], 2);
  EXPECT_EQ(answer[1].size(), 2u);
  const Json bare = DefaultRoutes().AskJson("POST", "/tokenize", R"({"inputs": "ä win", "add_special_tokens": false})");
  EXPECT_EQ(bare[0].size() + 2, tokens.size());
  // Longer than the model reads.
  EXPECT_GT(DefaultRoutes().AskJson("POST", "/tokenize", Json({{"inputs", Long()}}).dump())[0].size(), 40u);
}

TEST(Tokenize, RefusesInvalidRequests) {
  for (const char* const body :
       {"{}", R"({"inputs": []})", R"({"inputs": 7})", R"({"inputs": "a", "add_special_tokens": 1})",
        R"({"inputs": "a", "special_tokens": true})", R"({"inputs": "a", "prompt_name": "query"})"}) {
    EXPECT_EQ(DefaultRoutes().Ask("POST", "/tokenize", body).status, 422) << body;
  }
  const std::string large(257 << 10, 'a');
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/tokenize", Json({{"inputs", large}}).dump()).status, 413);
}

TEST(Info, HasTheFieldsOfTextEmbeddingsInference) {
  const Json info = DefaultRoutes().AskJson("GET", "/info");
  EXPECT_EQ(info["model_id"], "spam");
  EXPECT_EQ(info["max_input_length"], kTinyMaxLength);
  EXPECT_EQ(info["model_type"]["classifier"]["id2label"]["1"], "spam");
  EXPECT_EQ(info["auto_truncate"], true);
  EXPECT_EQ(info["max_batch_tokens"], 2048);
  EXPECT_EQ(info["pooling"], "mean");
}

TEST(Embed, GivesTheEmbeddingsOfOpenAisRoute) {
  const Json theirs = DefaultRoutes().AskJson("POST", "/v1/embeddings", R"({"input": ["win a prize", "see you"]})");
  const Json own =
      DefaultRoutes().AskJson("POST", "/embed", R"({"inputs": ["win a prize", "see you"], "normalize": true})");
  EXPECT_EQ(own, Json::array({theirs["data"][0]["embedding"], theirs["data"][1]["embedding"]}));
  const Json one = DefaultRoutes().AskJson("POST", "/embed", R"({"inputs": "win a prize", "truncate": false})");
  EXPECT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].size(), own[0].size());
  const Json two =
      DefaultRoutes().AskJson("POST", "/embed", R"({"inputs": "win", "dimensions": 2, "prompt_name": null})");
  EXPECT_EQ(two[0].size(), 2u);
}

TEST(Embed, HasTheHeadersOfPredict) {
  const HttpResponse response = DefaultRoutes().Ask("POST", "/embed", R"({"inputs": ["win", "é"]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, Contains(Pair("x-compute-characters", "4")));
  for (const char* const name : {"x-compute-type", "x-compute-tokens", "x-total-time", "x-inference-time"}) {
    EXPECT_THAT(response.headers, Contains(Key(name)));
  }
}

TEST(Embed, RefusesWhatItDoesNotCompute) {
  for (const char* const fields :
       {R"("normalize": false)", R"("prompt_name": "query")", R"("truncation_direction": "Left")",
        R"("dimensions": 100000)", R"("model": "words")", R"("input": "win")"}) {
    const HttpResponse response =
        DefaultRoutes().Ask("POST", "/embed", fmt::format(R"({{"inputs": "win", {}}})", fields));
    EXPECT_EQ(response.status, 422) << fields << response.body;
  }
  for (const char* const inputs : {"null", "7", "[]", "[[]]", "[[\"win\"]]"}) {
    const HttpResponse response = DefaultRoutes().Ask("POST", "/embed", fmt::format(R"({{"inputs": {}}})", inputs));
    EXPECT_EQ(response.status, 422) << inputs << response.body;
    EXPECT_THAT(response.body, HasSubstr("'inputs'")) << inputs;
  }
  const HttpResponse cut =
      DefaultRoutes().Ask("POST", "/embed", Json({{"inputs", Long()}, {"truncate", false}}).dump());
  EXPECT_EQ(cut.status, 413);
  EXPECT_THAT(cut.body, HasSubstr("\"Validation\""));
}

}  // namespace
}  // namespace winnow
