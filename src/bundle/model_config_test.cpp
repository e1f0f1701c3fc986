#include "bundle/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/files.h"
#include "base/json.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"
#include "support/tiny_config.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Json Bert() {
  return ParsedJson(R"({"model_type":"bert","architectures":["BertForSequenceClassification"],"vocab_size":100,
    "hidden_size":48,"num_hidden_layers":3,"num_attention_heads":4,"intermediate_size":112,
    "max_position_embeddings":40,"hidden_act":"gelu","hidden_dropout_prob":0.3,"attention_probs_dropout_prob":0.2,
    "classifier_dropout":null,"id2label":{"0":"ham","1":"spam"},"label2id":{"ham":0,"spam":1}})");
}

Json DistilBert() {
  return ParsedJson(R"({"model_type":"distilbert","architectures":["DistilBertForSequenceClassification"],
    "vocab_size":100,"dim":48,"n_layers":2,"n_heads":6,"hidden_dim":96,"dropout":0.15,"attention_dropout":0.25,
    "seq_classif_dropout":0.35,"activation":"relu","problem_type":"multi_label_classification",
    "id2label":{"0":"a","1":"b","2":"c"}})");
}

Result<ModelConfig> Parse(const Json& json) { return ParseModelConfig(json.dump(), "config.json"); }

/// The message for Bert() with one field changed.
Error ErrorWith(const std::string& key, Json value) {
  Json json = Bert();
  json[key] = std::move(value);
  return ErrorOf(Parse(json));
}

TEST(ModelConfig, BertsSizesWithoutAModelTypeAreBert) {
  // The fields of huawei-noah/TinyBERT_General_4L_312D.
  const auto tiny = ParseModelConfig(R"({"attention_probs_dropout_prob":0.1,"cell":{},"emb_size":312,
    "hidden_act":"gelu","hidden_dropout_prob":0.1,"hidden_size":312,"initializer_range":0.02,"intermediate_size":1200,
    "max_position_embeddings":512,"num_attention_heads":12,"num_hidden_layers":4,"pre_trained":"","structure":[],
    "type_vocab_size":2,"vocab_size":30522})",
                                     "config.json");
  ASSERT_TRUE(tiny) << tiny.error().Text();
  EXPECT_EQ(tiny->architecture, Architecture::kBert);
  EXPECT_EQ(tiny->hidden_size, 312);
  EXPECT_TRUE(tiny->labels.empty());
  EXPECT_EQ(ParsedJson(FormatModelConfig(*tiny).value())["model_type"], "bert");
  Json other = ParsedJson(tiny->source);
  other["architectures"] = {"RobertaForMaskedLM"};
  EXPECT_THAT(Parse(other).error().message, HasSubstr("'model_type' is missing"));
  other["architectures"] = {"BertForMaskedLM"};
  EXPECT_TRUE(Parse(other));
  other.erase("type_vocab_size");
  EXPECT_THAT(Parse(other).error().message, HasSubstr("'model_type' is missing"));
}

TEST(ModelConfig, ReadsBert) {
  const auto config = Parse(Bert());
  ASSERT_TRUE(config) << config.error().Text();
  EXPECT_EQ(config->architecture, Architecture::kBert);
  EXPECT_EQ(config->vocab_size, 100);
  EXPECT_EQ(config->hidden_size, 48);
  EXPECT_EQ(config->num_layers, 3);
  EXPECT_EQ(config->num_heads, 4);
  EXPECT_EQ(config->intermediate_size, 112);
  EXPECT_EQ(config->max_positions, 40);
  EXPECT_EQ(config->type_vocab_size, 2);
  EXPECT_FLOAT_EQ(config->layer_norm_eps, 1e-12f);
  EXPECT_FLOAT_EQ(config->hidden_dropout, .3f);
  EXPECT_FLOAT_EQ(config->attention_dropout, .2f);
  EXPECT_FLOAT_EQ(config->classifier_dropout, .3f);  // null: as hidden
  EXPECT_THAT(config->labels, ElementsAre("ham", "spam"));
  EXPECT_FALSE(config->multi_label);
}

TEST(ModelConfig, ReadsDistilBertUnderItsOwnNames) {
  const auto config = Parse(DistilBert());
  ASSERT_TRUE(config) << config.error().Text();
  EXPECT_EQ(config->architecture, Architecture::kDistilBert);
  EXPECT_EQ(config->hidden_size, 48);
  EXPECT_EQ(config->num_layers, 2);
  EXPECT_EQ(config->num_heads, 6);
  EXPECT_EQ(config->intermediate_size, 96);
  EXPECT_EQ(config->max_positions, 512);
  EXPECT_EQ(config->type_vocab_size, 0);
  EXPECT_EQ(config->activation, HiddenActivation::kRelu);
  EXPECT_FLOAT_EQ(config->hidden_dropout, .15f);
  EXPECT_FLOAT_EQ(config->attention_dropout, .25f);
  EXPECT_FLOAT_EQ(config->classifier_dropout, .35f);
  EXPECT_TRUE(config->multi_label);
}

TEST(ModelConfig, ClassesOfTheUsersOwnAreClassifiers) {
  for (const char* name : {"BertForSequenceClassification", "CustomBertForSequenceClassification", "ToxicityModel",
                           "BertForMultiLabelClassification", "MyClassifier"}) {
    Json json = Bert();
    json["architectures"] = {name};
    EXPECT_THAT(Parse(json)->labels, SizeIs(2)) << name;
  }
  for (const char* name : {"BertModel", "BertForMaskedLM", "BertForPreTraining", "BertForTokenClassification",
                           "BertForNextSentencePrediction", "BertLMHeadModel"}) {
    Json json = Bert();
    json["architectures"] = {name};
    EXPECT_THAT(Parse(json)->labels, IsEmpty()) << name;
  }
  Json unnamed = Bert();
  unnamed["architectures"] = {"MyClassifier"};
  unnamed.erase("id2label");
  unnamed.erase("label2id");
  EXPECT_THAT(Parse(unnamed)->labels, IsEmpty());
}

TEST(ModelConfig, EmbeddingSizesAndLayerGroupsAreRead) {
  Json json = Bert();
  json["model_type"] = "electra";
  json["architectures"] = {"ElectraForSequenceClassification"};
  json["embedding_size"] = 12;
  EXPECT_EQ(EmbeddingSize(*Parse(json)), 12);
  json["embedding_size"] = 48;
  EXPECT_EQ(Parse(json)->embedding_size, 0) << "no projection between equal sizes";
  json.erase("embedding_size");
  EXPECT_EQ(EmbeddingSize(*Parse(json)), 128) << "Hugging Face's default";

  json["model_type"] = "albert";
  json["architectures"] = {"AlbertForSequenceClassification"};
  json["num_hidden_groups"] = 2;
  for (const char* key : {"hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob"}) json.erase(key);
  const ModelConfig albert = Parse(json).value();
  EXPECT_EQ(EmbeddingSize(albert), 128);
  EXPECT_EQ(albert.activation, HiddenActivation::kGeluTanh);
  EXPECT_EQ(albert.hidden_dropout, 0);
  EXPECT_EQ(albert.attention_dropout, 0);
  EXPECT_FLOAT_EQ(albert.classifier_dropout, .1f);
  EXPECT_EQ(NumLayerGroups(albert), 2);
  EXPECT_EQ(GroupOfLayer(albert, 1), 0);
  EXPECT_EQ(GroupOfLayer(albert, 2), 1);
  json["num_hidden_groups"] = 4;
  EXPECT_THAT(Parse(json).error().message, HasSubstr("'num_hidden_groups' is 4, expected 1 to 3"));
  json["num_hidden_groups"] = 1;
  json["inner_group_num"] = 2;
  EXPECT_THAT(Parse(json).error().message, HasSubstr("'inner_group_num' is 2"));
}

TEST(ModelConfig, MpNetHasNoTokenTypesAndAtLeast32Buckets) {
  Json json = Bert();
  json["model_type"] = "mpnet";
  json["architectures"] = {"MPNetForSequenceClassification"};
  const ModelConfig mpnet = Parse(json).value();
  EXPECT_EQ(mpnet.type_vocab_size, 0);
  EXPECT_EQ(mpnet.bias_buckets, 32);
  EXPECT_EQ(FirstPosition(mpnet), 2);
  json["relative_attention_num_buckets"] = 16;
  EXPECT_THAT(Parse(json).error().message, HasSubstr("'relative_attention_num_buckets' is 16"));
}

TEST(ModelConfig, BaseModelHasNoLabels) {
  Json json = Bert();
  json["architectures"] = {"BertModel"};
  EXPECT_THAT(Parse(json)->labels, IsEmpty());
  json.erase("architectures");
  json.erase("id2label");
  json.erase("label2id");
  EXPECT_THAT(Parse(json)->labels, IsEmpty());
}

TEST(ModelConfig, UnnamedHeadsHaveHuggingFacesDefaults) {
  Json json = Bert();
  json.erase("id2label");
  EXPECT_THAT(Parse(json)->labels, ElementsAre("ham", "spam"));  // from label2id
  json.erase("label2id");
  EXPECT_THAT(Parse(json)->labels, ElementsAre("LABEL_0", "LABEL_1"));
  json["num_labels"] = 3;
  EXPECT_THAT(Parse(json)->labels, ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  json["num_labels"] = 1;
  EXPECT_TRUE(Parse(json)->multi_label);
}

TEST(ModelConfig, MoreThanTenLabelsKeepTheOrderOfTheirIds) {
  Json json = Bert();
  json["id2label"] = Json::object();
  for (int id = 0; id < 12; ++id) json["id2label"][std::to_string(id)] = "label" + std::to_string(id);
  const auto config = Parse(json);
  ASSERT_TRUE(config) << config.error().Text();
  EXPECT_EQ(config->labels[2], "label2");
  EXPECT_EQ(config->labels[10], "label10");
}

TEST(ModelConfig, ActivationsHaveTheirSynonyms) {
  for (const auto& [name, activation] :
       std::vector<std::pair<std::string, HiddenActivation>>{{"gelu", HiddenActivation::kGelu},
                                                             {"gelu_new", HiddenActivation::kGeluTanh},
                                                             {"gelu_pytorch_tanh", HiddenActivation::kGeluTanh},
                                                             {"gelu_fast", HiddenActivation::kGeluTanh},
                                                             {"relu", HiddenActivation::kRelu}}) {
    Json json = Bert();
    json["hidden_act"] = name;
    EXPECT_EQ(Parse(json)->activation, activation) << name;
  }
  EXPECT_EQ(ErrorWith("hidden_act", "silu").code, ErrorCode::kUnsupported);
}

TEST(ModelConfig, BadValuesAreNamed) {
  EXPECT_THAT(ErrorWith("hidden_size", 50).message, HasSubstr("not a multiple of 'num_attention_heads' = 4"));
  EXPECT_THAT(ErrorWith("hidden_size", nullptr).message, HasSubstr("has no 'hidden_size'"));
  EXPECT_THAT(ErrorWith("hidden_size", 0).message, HasSubstr("'hidden_size' is 0"));
  EXPECT_THAT(ErrorWith("hidden_size", -4).message, HasSubstr("'hidden_size' is -4"));
  EXPECT_THAT(ErrorWith("hidden_size", "48").message, HasSubstr("must be an integer"));
  EXPECT_THAT(ErrorWith("hidden_size", 48.5).message, HasSubstr("must be an integer"));
  EXPECT_THAT(ErrorWith("vocab_size", uint64_t{1} << 62).message, HasSubstr("'vocab_size'"));
  EXPECT_THAT(ErrorWith("vocab_size", UINT64_MAX).message, HasSubstr("'vocab_size'"));
  EXPECT_THAT(ErrorWith("num_hidden_layers", 100000).message, HasSubstr("'num_hidden_layers'"));
  EXPECT_THAT(ErrorWith("pad_token_id", 100).message, HasSubstr("outside the vocabulary"));
  EXPECT_THAT(ErrorWith("hidden_dropout_prob", 1.0).message, HasSubstr("'hidden_dropout_prob'"));
  EXPECT_THAT(ErrorWith("layer_norm_eps", 0).message, HasSubstr("'layer_norm_eps'"));
  EXPECT_THAT(ErrorWith("id2label", {{"0", "a"}, {"2", "b"}}).message, HasSubstr("none with id 1"));
  EXPECT_THAT(ErrorWith("id2label", {{"0", "a"}, {"1", "a"}}).message, HasSubstr("'a' occurs twice"));
  EXPECT_THAT(ErrorWith("id2label", {{"0", "a"}, {"1", ""}}).message, HasSubstr("empty name"));
  EXPECT_THAT(ErrorWith("num_labels", 5).message,
              HasSubstr("'num_labels' is 5, but 'id2label' or 'label2id' has 2 labels"));
  EXPECT_THAT(ErrorWith("architectures", "BertModel").message, HasSubstr("'architectures'"));
}

TEST(ModelConfig, RefusesVariantsThatWouldGiveWrongPredictions) {
  const Error type = ErrorWith("model_type", "gpt2");
  EXPECT_EQ(type.code, ErrorCode::kUnsupported);
  EXPECT_THAT(type.message, HasSubstr("'gpt2'"));
  EXPECT_THAT(type.hint, HasSubstr("distilbert"));
  EXPECT_EQ(ErrorWith("position_embedding_type", "relative_key").code, ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorWith("is_decoder", true).code, ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorWith("problem_type", "regression").code, ErrorCode::kUnsupported);
  EXPECT_THAT(ErrorWith("model_type", nullptr).message, HasSubstr("'model_type' is missing"));
}

TEST(ModelConfig, WrittenConfigReadsBackAndKeepsUnknownFields) {
  const TemporaryDirectory dir;
  Json base = Bert();
  base["architectures"] = {"BertModel"};
  base["id2label"] = nullptr;
  base["label2id"] = nullptr;
  base["transformers_version"] = "4.8.2";
  base["torch_dtype"] = "float16";
  base["hidden_act"] = "gelu_pytorch_tanh";
  auto config = Parse(base);
  ASSERT_TRUE(config) << config.error().Text();
  config->labels = {"ham", "spam", "z\"ö"};
  ASSERT_TRUE(WriteModelConfig(dir.path(), *config));

  const Json written = ParsedJson(ReadFile(dir.path() / "config.json").value());
  EXPECT_EQ(written["architectures"], ParsedJson(R"(["BertForSequenceClassification"])"));
  EXPECT_EQ(written["id2label"], ParsedJson(R"({"0":"ham","1":"spam","2":"z\"ö"})"));
  EXPECT_EQ(written["label2id"], ParsedJson(R"({"ham":0,"spam":1,"z\"ö":2})"));
  EXPECT_EQ(written["problem_type"], "single_label_classification");
  EXPECT_EQ(written["transformers_version"], "4.8.2");
  EXPECT_EQ(written["torch_dtype"], "float32");
  EXPECT_EQ(written["hidden_act"], "gelu_pytorch_tanh");
  EXPECT_EQ(written["hidden_dropout_prob"].dump(), "0.3");
  EXPECT_EQ(written["layer_norm_eps"].dump(), "1e-12");
  EXPECT_TRUE(written["classifier_dropout"].is_null());

  const auto read = ReadModelConfig(dir.path());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->labels, config->labels);
  EXPECT_EQ(read->classifier_dropout, config->classifier_dropout);
  EXPECT_EQ(read->activation, HiddenActivation::kGeluTanh);
}

TEST(ModelConfig, ConfigFromNothingReadsBack) {
  for (const Architecture architecture : kEveryArchitecture) {
    ModelConfig config = TinyConfig(architecture);
    config.hidden_size = 8;
    config.num_heads = 2;
    config.classifier_dropout = .4f;
    config.labels = {"x", "y"};
    config.multi_label = true;
    const auto text = FormatModelConfig(config);
    ASSERT_TRUE(text) << text.error().Text();
    const auto read = ParseModelConfig(*text, "config.json");
    ASSERT_TRUE(read) << read.error().Text();
    EXPECT_EQ(read->architecture, architecture);
    EXPECT_EQ(read->hidden_size, 8);
    EXPECT_EQ(read->classifier_dropout, .4f);
    EXPECT_EQ(read->labels, config.labels);
    EXPECT_TRUE(read->multi_label);
  }
}

TEST(ModelConfig, RobertasTextsBeginAfterThePositionOfPadding) {
  const ModelConfig config = TinyConfig(Architecture::kRoberta);
  EXPECT_EQ(FirstPosition(config), 1);
  EXPECT_EQ(MaxTokens(config), config.max_positions - 1);
  EXPECT_EQ(MaxTokens(TinyConfig(Architecture::kBert)), TinyConfig(Architecture::kBert).max_positions);
}

TEST(ModelConfig, DamagedTextIsReadSafelyOrRefused) {
  const std::string text = Bert().dump();
  for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(ParseModelConfig(text.substr(0, size), "c")) << size;
  std::mt19937 random(2);
  for (int round = 0; round < 5000; ++round) {
    std::string changed = text;
    for (int flips = 0; flips < 3; ++flips) changed[random() % changed.size()] = static_cast<char>(random());
    const auto config = ParseModelConfig(changed, "c");
    EXPECT_TRUE(!config || config->hidden_size >= 1);
  }
}

TEST(ModelConfig, MissingFileSaysWhatAModelIs) {
  const TemporaryDirectory dir;
  const auto config = ReadModelConfig(dir.path());
  EXPECT_EQ(config.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(config.error().message, HasSubstr("not a model: it contains neither winnow.json nor config.json"));
  EXPECT_THAT(config.error().hint, HasSubstr("a directory that 'winnow train' has written"));
  EXPECT_EQ(ReadModelConfig(dir.path() / "none").error().message,
            (dir.path() / "none").string() + ": no such directory");
}

}  // namespace
}  // namespace winnow
