#include "server/v2_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "support/json_pointer.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Element(const std::string& text) {
  const auto length = static_cast<uint32_t>(text.size());
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + text;
}

Json Input(std::vector<int64_t> shape) { return {{"name", "text"}, {"datatype", "BYTES"}, {"shape", shape}}; }

struct Body {
  std::string bytes, header_length;
};

/// A request with these texts behind its JSON.
Body Binary(const std::vector<std::string>& texts, Json more = Json::object()) {
  std::string behind;
  for (const std::string& text : texts) behind += Element(text);
  Json input = Input({static_cast<int64_t>(texts.size()), 1});
  input["parameters"] = {{"binary_data_size", behind.size()}};
  more["inputs"] = Json::array({input});
  const std::string json = more.dump();
  return {json + behind, std::to_string(json.size())};
}

ApiResult<V2Request> Read(const Body& body, ServiceLimits limits = {}) {
  return ReadV2Request(body.bytes, body.header_length, limits);
}
ApiResult<V2Request> ReadJson(const Json& json, ServiceLimits limits = {}) {
  return ReadV2Request(json.dump(), "", limits);
}

TEST(V2Request, TakesTextsAsAFlatListOrInTheirShape) {
  Json input = Input({2});
  input["data"] = {"a", "b"};
  const auto flat = ReadJson({{"id", "42"}, {"inputs", Json::array({input})}});
  ASSERT_TRUE(flat);
  EXPECT_THAT(flat->texts, ElementsAre("a", "b"));
  EXPECT_TRUE(flat->has_id);
  EXPECT_EQ(flat->id, "42");
  EXPECT_FALSE(flat->timeout);
  ASSERT_EQ(flat->outputs.size(), 3u);
  EXPECT_FALSE(flat->outputs[0].binary);
  input = Input({2, 1});
  input["data"] = Json::array({Json::array({"a"}), Json::array({"b"})});
  EXPECT_THAT(ReadJson({{"inputs", Json::array({input})}})->texts, ElementsAre("a", "b"));
}

TEST(V2Request, TakesTextsAsBytesBehindTheJson) {
  const auto read =
      Read(Binary({"win", "", "\xc3\xa4"}, {{"parameters", {{"binary_data_output", true}, {"timeout", 5}}},
                                            {"outputs", Json::array({{{"name", "score"}}})}}));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->texts, ElementsAre("win", "", "\xc3\xa4"));
  EXPECT_EQ(read->timeout, std::chrono::microseconds(5));
  ASSERT_EQ(read->outputs.size(), 1u);
  EXPECT_TRUE(read->outputs[0].binary);
  EXPECT_EQ(read->outputs[0].kind, V2Output::Kind::kScore);
}

TEST(V2Request, WithoutJsonTheBodyIsOneText) {
  const auto read = ReadV2Request("{win a prize", "0", {});
  ASSERT_TRUE(read);
  EXPECT_THAT(read->texts, ElementsAre("{win a prize"));
  EXPECT_TRUE(read->outputs.front().binary);
}

TEST(V2Request, RefusesBytesThatContradictTheJson) {
  const Body good = Binary({"win", "prize"});
  ASSERT_TRUE(Read(good));
  for (const char* const length : {"-1", "+5", "5x", "1e2", "99999999999999999999", "100000", " 5", "0x10"}) {
    const auto read = ReadV2Request(good.bytes, length, {});
    ASSERT_FALSE(read) << length;
    EXPECT_EQ(read.error().status, 400) << length;
  }
  // The same number of bytes, cut differently.
  const size_t json_size = std::stoul(good.header_length);
  const auto with = [&](uint32_t first_length) {
    Body body = good;
    std::memcpy(body.bytes.data() + json_size, &first_length, sizeof(first_length));
    return Read(body);
  };
  EXPECT_TRUE(with(3));
  for (const uint32_t length : {0u, 2u, 4u, 12u, 13u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0xfffffffcu}) {
    const auto read = with(length);
    ASSERT_FALSE(read) << length;
    EXPECT_EQ(read.error().status, 400) << length;
  }
  Json no_size = {{"inputs", Json::array({Input({1})})}};
  no_size["inputs"][0]["data"] = {"a"};
  const auto behind = Read({no_size.dump() + "rest", std::to_string(no_size.dump().size())});
  EXPECT_EQ(behind.error().status, 400);
  for (const Json& size : {Json(4), Json(-1), Json(1e300), Json("5"), Json(true)}) {
    no_size["inputs"][0].erase("data");
    no_size["inputs"][0]["parameters"]["binary_data_size"] = size;
    EXPECT_FALSE(Read({no_size.dump() + Element("a"), std::to_string(no_size.dump().size())})) << size;
  }
}

TEST(V2Request, RefusesTextsBeyondTheLimits) {
  const ServiceLimits limits{.max_texts = 2, .max_text_bytes = 4};
  EXPECT_TRUE(Read(Binary({"1234", "1"}), limits));
  EXPECT_EQ(Read(Binary({"12345"}), limits).error().status, 413);
  EXPECT_EQ(Read(Binary({"1", "2", "3"}), limits).error().status, 413);
  EXPECT_EQ(ReadV2Request("12345", "0", limits).error().status, 413);
  // A shape alone makes nobody allocate.
  Json input = Input({int64_t{1} << 52});
  input["parameters"] = {{"binary_data_size", 0}};
  EXPECT_EQ(ReadJson({{"inputs", Json::array({input})}}).error().status, 413);
}

TEST(V2Request, RefusesUnknownNamesTypesAndParameters) {
  Json input = Input({1});
  input["data"] = {"a"};
  const Json good = {{"inputs", Json::array({input})}};
  ASSERT_TRUE(ReadJson(good));
  const auto changed = [&](const char* pointer, const Json& value) {
    Json json = good;
    SetByPointer(json, pointer, value);
    const auto read = ReadJson(json);
    return read ? 200 : read.error().status;
  };
  EXPECT_EQ(changed("/parameters/priority", 1), 200);
  EXPECT_EQ(changed("/parameters/threshold", 0.3), 200);
  EXPECT_EQ(changed("/inputs/0/parameters/content_type", "str"), 200);
  EXPECT_EQ(changed("/model_name", "spam"), 200);
  EXPECT_EQ(changed("/outputs", nullptr), 200);
  EXPECT_EQ(changed("/inputs/0/shape", Json::array({1.0})), 200);
  for (const auto& [pointer, value] : std::initializer_list<std::pair<const char*, Json>>{
           {"/inputs", Json::array()},
           {"/inputs", 7},
           {"/inputs/1", input},
           {"/inputs/0", "text"},
           {"/inputs/0/name", "texts"},
           {"/inputs/0/name", 7},
           {"/inputs/0/datatype", "FP32"},
           {"/inputs/0/shape", Json::array()},
           {"/inputs/0/shape", Json::array({1, 2})},
           {"/inputs/0/shape", Json::array({1, 1, 1})},
           {"/inputs/0/shape", Json::array({-1})},
           {"/inputs/0/shape", Json::array({2})},
           {"/inputs/0/shape", Json::array({1.5})},
           {"/inputs/0/data", "a"},
           {"/inputs/0/data", Json::array({7})},
           {"/inputs/0/data", Json::array({Json::array({"a", "b"})})},
           {"/inputs/0/unknown", 1},
           {"/inputs/0/parameters/binary_size", 1},
           {"/parameters/timeot", 1},
           {"/parameters/threshold", 1},
           {"/parameters/mode", "severe"},
           {"/output", nullptr},
           {"/inputs/0/parameters", 7},
           {"/inputs/0/parameters/shared_memory_region", "r"},
           {"/outputs", 7},
           {"/outputs", Json::array({7})},
           {"/outputs", Json::array({{{"name", "logits"}}})},
           {"/outputs", Json::array({{{"name", "score"}}, {{"name", "score"}}})},
           {"/outputs", Json::array({{{"name", "score"}, {"parameters", {{"binary_data", 1}}}}})},
           {"/outputs", Json::array({{{"name", "scores"}, {"parameters", {{"classification", -1}}}}})},
           {"/id", 7},
           {"/parameters", 7},
           {"/parameters/timeout", "1"},
           {"/parameters/timeout", -1},
           {"/parameters/binary_data_output", 1}}) {
    EXPECT_EQ(changed(pointer, value), 422) << pointer << " " << value;
  }
}

TEST(V2Request, SurvivesTruncatedAndFlippedBytes) {
  const Body good = Binary({"win a prize", "x"}, {{"id", "7"}});
  for (size_t size = 0; size < good.bytes.size(); ++size) {
    EXPECT_FALSE(Read({good.bytes.substr(0, size), good.header_length})) << size;
  }
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    Body body = good;
    for (int flips = 0; flips < 1 + round % 3; ++flips) {
      body.bytes[random.Below(static_cast<uint32_t>(body.bytes.size()))] = static_cast<char>(random.Below(256));
    }
    if (const auto read = Read(body)) {
      EXPECT_EQ(read->texts.size(), 2u);
    } else {
      EXPECT_TRUE(read.error().status == 400 || read.error().status == 422 || read.error().status == 413);
    }
  }
}

// Answers.

std::vector<ClassifiedText> Answers() {
  std::vector<ClassifiedText> texts(2);
  texts[0].probabilities = {.25f, .75f};
  texts[0].decision.label = texts[0].decision.top = 1;
  texts[0].decision.score = .75f;
  texts[1].probabilities = {.5f, .5f};
  texts[1].decision.label = texts[1].decision.top = 0;
  texts[1].decision.score = .5f;
  return texts;
}

const std::vector<std::string> kLabels = {"ham", "spam"};

HttpResponse Write(const V2Request& request) {
  return WriteV2Answer({.name = "m", .version = "1.0.0", .labels = kLabels}, request, Answers());
}

TEST(V2Answer, IsJsonByDefault) {
  Json input = Input({0});
  input["data"] = Json::array();
  const HttpResponse response = Write(*ReadJson({{"id", "7"}, {"inputs", Json::array({input})}}));
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_TRUE(response.headers.empty());
  const Json json = ParsedJson(response.body);
  EXPECT_EQ(json["id"], "7");
  EXPECT_EQ(json["model_name"], "m");
  EXPECT_EQ(json["outputs"][0]["data"], Json({"spam", "ham"}));
  EXPECT_EQ(json["outputs"][1]["data"], Json({.75, .5}));
  EXPECT_EQ(json["outputs"][2]["shape"], Json({2, 2}));
  EXPECT_EQ(json["outputs"][2]["data"], Json({.25, .75, .5, .5}));
}

TEST(V2Answer, PutsBinaryTensorsBehindTheJsonInTheirOrder) {
  const Json outputs =
      ParsedJson(R"([{"name": "probabilities"}, {"name": "score", "parameters": {"binary_data": false}},
    {"name": "label"}])");
  const HttpResponse response =
      Write(*Read(Binary({"a", "b"}, {{"outputs", outputs}, {"parameters", {{"binary_data_output", true}}}})));
  EXPECT_EQ(response.content_type, "application/octet-stream");
  ASSERT_EQ(response.headers.size(), 1u);
  const size_t json_size = std::stoul(response.headers[0].second);
  const Json json = ParsedJson(response.body.substr(0, json_size));
  EXPECT_FALSE(json.contains("id"));
  EXPECT_EQ(json["outputs"][0]["name"], "probabilities");
  EXPECT_EQ(json["outputs"][0]["parameters"]["binary_data_size"], 16);
  EXPECT_EQ(json["outputs"][1]["data"], Json({.75, .5}));
  EXPECT_EQ(json["outputs"][2]["parameters"]["binary_data_size"], 15);
  const std::string behind = response.body.substr(json_size);
  ASSERT_EQ(behind.size(), 31u);
  float numbers[4];
  std::memcpy(numbers, behind.data(), sizeof(numbers));
  EXPECT_THAT(numbers, ElementsAre(.25f, .75f, .5f, .5f));
  EXPECT_EQ(behind.substr(16), Element("spam") + Element("ham"));
}

TEST(V2Answer, HasTheDecisionOfMultiLabelModels) {
  std::vector<ClassifiedText> texts = Answers();
  texts[0].decision.labels = {0, 1};
  const auto outputs = [&](const Json& fields, bool multi_label) {
    const V2Model model{.name = "m", .version = "1.0.0", .labels = kLabels, .multi_label = multi_label};
    return ParsedJson(WriteV2Answer(model, *ReadJson(fields), texts).body)["outputs"];
  };
  Json input = Input({2});
  input["data"] = {"a", "b"};
  Json fields = {{"inputs", Json::array({input})}};
  EXPECT_EQ(outputs(fields, false).size(), 3u);
  const Json all = outputs(fields, true);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[3]["name"], "decision");
  EXPECT_EQ(all[3]["data"], Json({"ham,spam", ""}));
  fields["outputs"] = ParsedJson(R"([{"name": "decision"}])");
  EXPECT_EQ(outputs(fields, true).size(), 1u);
  EXPECT_EQ(outputs(fields, false)[0]["data"], Json({"spam", "ham"}));
}

TEST(V2Answer, NamesTheMostProbableClassesIfAskedFor) {
  const Json outputs = ParsedJson(R"([{"name": "scores", "parameters": {"classification": 9}}])");
  const Json all = ParsedJson(Write(*Read(Binary({"a", "b"}, {{"outputs", outputs}}))).body);
  EXPECT_EQ(all["outputs"][0]["shape"], Json({2, 2}));
  EXPECT_EQ(all["outputs"][0]["data"],
            Json({"0.750000:1:spam", "0.250000:0:ham", "0.500000:0:ham", "0.500000:1:spam"}));
}

}  // namespace
}  // namespace winnow
