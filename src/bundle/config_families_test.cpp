#include "bundle/config_families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "bundle/model_config.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

Result<ModelConfig> Parse(const Json& json) { return ParseModelConfig(json.dump(), "config.json"); }

Json ModernBert() {
  return ParsedJson(R"({"model_type":"modernbert","architectures":["ModernBertForSequenceClassification"],
    "vocab_size":50368,"hidden_size":48,"num_hidden_layers":4,"num_attention_heads":4,"intermediate_size":30,
    "local_attention":129,"classifier_pooling":"mean","global_attn_every_n_layers":3,"global_rope_theta":160000.0,
    "local_rope_theta":10000.0,"id2label":{"0":"a","1":"b"}})");
}

TEST(ConfigFamilies, ModernBertIsReadInBothFormsAndReadsBack) {
  const ModelConfig older = Parse(ModernBert()).value();
  EXPECT_EQ(older.local_layers, (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(older.local_distance, 64);
  EXPECT_TRUE(older.mean_pooling);
  EXPECT_EQ(MaxTokens(older), 8192);
  EXPECT_FLOAT_EQ(older.layer_norm_eps, 1e-5f);
  EXPECT_EQ(older.pad_token_id, 50283);
  EXPECT_EQ(older.hidden_dropout, 0);
  EXPECT_EQ(older.classifier_dropout, 0);
  const ModelConfig again = ParseModelConfig(FormatModelConfig(older).value(), "config.json").value();
  EXPECT_EQ(again.local_layers, older.local_layers);
  EXPECT_EQ(again.local_distance, 64);
  EXPECT_TRUE(again.mean_pooling);

  Json json = ModernBert();
  json["layer_types"] = {"sliding_attention", "full_attention", "full_attention", "sliding_attention"};
  json["rope_parameters"] = ParsedJson(R"({"full_attention":{"rope_theta":5000.0,"rope_type":"default"},
    "sliding_attention":{"rope_theta":77.0,"rope_type":"default"}})");
  const ModelConfig newer = Parse(json).value();
  EXPECT_EQ(newer.local_layers, (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(newer.global_rope_theta, 5000);
  EXPECT_EQ(newer.local_rope_theta, 77);
}

TEST(ConfigFamilies, ModernBertsLayersAreWrittenAlikeInBothForms) {
  const auto written = [](const std::vector<bool>& local_layers, const char* interval) {
    Json json = ModernBert();
    json["global_attn_every_n_layers"] = ParsedJson(interval);
    json["layer_types"] = Json::array();
    for (const bool local : local_layers) json["layer_types"].push_back(local ? "sliding_attention" : "full_attention");
    const Json config = ParsedJson(FormatModelConfig(Parse(json).value()).value());
    EXPECT_EQ(config["layer_types"], json["layer_types"]);
    return config["global_attn_every_n_layers"];
  };
  for (int bits = 0; bits < 16; ++bits) {
    const std::vector<bool> local = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    for (const char* before : {"null", "1", "2", "3", "4", "9"}) {
      const Json interval = written(local, before);
      // transformers 4 has no other source, and an absent key is 3 to it.
      EXPECT_TRUE(interval.is_null() || FollowsInterval(local, interval.get<int64_t>())) << bits << " " << before;
      EXPECT_EQ(interval.is_null(), !GlobalLayerInterval(local)) << bits << " " << before;
    }
  }
  EXPECT_EQ(written({false, false, false, false}, "3"), Json(1));
  EXPECT_EQ(written({false, true, false, true}, "3"), Json(2));
  EXPECT_EQ(written({false, true, true, true}, "3"), Json(4));
  EXPECT_EQ(written({false, true, true, true}, "9"), Json(9)) << "kept, since it means the same";
  EXPECT_EQ(written({true, true, true, true}, "3"), Json());
}

TEST(ConfigFamilies, ModernBertsSmallestWindowReadsBack) {
  Json json = ModernBert();
  json["local_attention"] = 1;
  const ModelConfig config = Parse(json).value();
  EXPECT_EQ(config.local_distance, 0);
  const auto again = ParseModelConfig(FormatModelConfig(config).value(), "config.json");
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(again->local_distance, 0);
}

TEST(ConfigFamilies, ModernBertHasTheOlderRopeThetaWhereTheNewerFormHasNone) {
  Json json = ModernBert();
  json["global_rope_theta"] = 5000.0;
  json["local_rope_theta"] = 77.0;
  for (const char* parameters : {"{}", R"({"full_attention":{"rope_type":"default"},"sliding_attention":null})"}) {
    json["rope_parameters"] = ParsedJson(parameters);
    const ModelConfig config = Parse(json).value();
    EXPECT_EQ(config.global_rope_theta, 5000) << parameters;
    EXPECT_EQ(config.local_rope_theta, 77) << parameters;
  }
}

TEST(ConfigFamilies, WhatModernBertDoesNotComputeIsRefusedByName) {
  for (const char* key : {"attention_bias", "mlp_bias", "norm_bias", "classifier_bias"}) {
    Json json = ModernBert();
    json[key] = true;
    EXPECT_THAT(Parse(json).error().message, HasSubstr(std::string("'") + key + "'"));
  }
  const auto refused = [](const char* key, const char* value) {
    Json json = ModernBert();
    json[key] = ParsedJson(value);
    const auto config = Parse(json);
    return config ? std::string() : config.error().message;
  };
  EXPECT_THAT(refused("classifier_pooling", R"("max")"), HasSubstr("'classifier_pooling'"));
  EXPECT_THAT(refused("rope_scaling", R"({"type":"linear"})"), HasSubstr("'rope_scaling'"));
  EXPECT_THAT(refused("rope_parameters", R"({"full_attention":{"rope_type":"yarn","rope_theta":1.0}})"),
              HasSubstr("'rope_type'"));
  EXPECT_THAT(refused("layer_types", R"(["full_attention"])"), HasSubstr("'layer_types'"));
  EXPECT_THAT(refused("layer_types", R"(["full_attention","x","x","x"])"), HasSubstr("'layer_types'"));
  EXPECT_THAT(refused("local_attention", "0"), HasSubstr("'local_attention'"));
  EXPECT_THAT(refused("global_attn_every_n_layers", "0"), HasSubstr("'global_attn_every_n_layers'"));
  EXPECT_THAT(refused("num_attention_heads", "16"), HasSubstr("even number"));
  EXPECT_THAT(refused("hidden_activation", R"("silu")"), HasSubstr("'hidden_activation'"));
}

const char kDebertaV3Small[] = R"({"model_type":"deberta-v2","vocab_size":128100,"hidden_size":768,
  "num_hidden_layers":6,"num_attention_heads":12,"intermediate_size":3072,"max_position_embeddings":512,
  "type_vocab_size":0,"layer_norm_eps":1e-7,"hidden_act":"gelu","relative_attention":true,"position_buckets":256,
  "norm_rel_ebd":"layer_norm","share_att_key":true,"pos_att_type":"p2c|c2p","max_relative_positions":-1,
  "position_biased_input":false})";

TEST(ConfigFamilies, DebertaV3HasSharedRelativePositionsInLogarithmicBuckets) {
  const ModelConfig config = ParseModelConfig(kDebertaV3Small, "c").value();
  EXPECT_EQ(config.architecture, Architecture::kDebertaV2);
  EXPECT_EQ(config.relative_span, 256);
  EXPECT_EQ(config.relative_buckets, 256);
  EXPECT_EQ(config.max_relative_distance, 512);
  EXPECT_TRUE(config.share_position_weights);
  EXPECT_FALSE(config.absolute_positions);
  EXPECT_EQ(config.type_vocab_size, 0);
  EXPECT_EQ(config.pooler_dropout, 0);
  EXPECT_EQ(config.classifier_dropout, config.hidden_dropout);
  EXPECT_EQ(MaxTokens(config), 512);
}

TEST(ConfigFamilies, VariantsOfDebertaThatAreNotComputedAreRefused) {
  const auto changed = [](const char* key, const Json& value) {
    Json json = ParsedJson(kDebertaV3Small);
    json[key] = value;
    return ParseModelConfig(json.dump(), "c");
  };
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{{"relative_attention", false},
                                                                            {"pos_att_type", "c2p"},
                                                                            {"pos_att_type", Json::array({"p2c"})},
                                                                            {"norm_rel_ebd", "none"},
                                                                            {"conv_kernel_size", 3},
                                                                            {"embedding_size", 128},
                                                                            {"pooler_hidden_size", 100}}) {
    const auto config = changed(key, value);
    ASSERT_FALSE(config) << key;
    EXPECT_EQ(config.error().code, ErrorCode::kUnsupported) << key;
  }
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"position_buckets", 3}, {"position_buckets", 1 << 21}, {"max_relative_positions", 40}}) {
    const auto config = changed(key, value);
    ASSERT_FALSE(config) << key;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidModel) << key;
  }
}

}  // namespace
}  // namespace winnow
