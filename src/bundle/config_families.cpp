#include "bundle/config_families.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/json_or_null.h"
#include "bundle/config_reader.h"
#include "bundle/relative_row.h"

namespace winnow {
namespace {

constexpr char kGlobalInterval[] = "global_attn_every_n_layers";

/// A number that this program can compute only where it is that of the hidden size.
Result<void> RequireHiddenSize(const JsonObject& object, const char* key, int hidden_size, std::string_view where) {
  const int64_t value = TRY(object.Integer(key)).value_or(hidden_size);
  if (value == hidden_size) return {};
  return Fail(ErrorCode::kUnsupported,
              fmt::format("{}: '{}' is {}, but 'hidden_size' is {}", where, key, value, hidden_size),
              "only models in which the two values are equal are supported");
}

/// DeBERTa-v2's way of attention; of its many switches those that published models use.
Result<void> ReadDeberta(const JsonObject& object, std::string_view where, ModelConfig& config) {
  const auto unsupported = [&](const char* what) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: {}", where, what),
                "supported: the attention of DeBERTa-v3 ('relative_attention' true, 'pos_att_type' c2p and p2c, "
                "'norm_rel_ebd' layer_norm)");
  };
  if (!TRY(object.Bool("relative_attention")).value_or(false))
    return unsupported("'relative_attention' is missing or false");
  const auto contains = [](std::string_view text, std::string_view part) { return text.find(part) != text.npos; };
  std::string kinds;  // a list, or a text with bars
  if (const Json& json = object.json(); object.Has("pos_att_type")) {
    const Json& value = json["pos_att_type"];
    if (!value.is_string() && !value.is_array()) return BadConfig(where, "'pos_att_type' must be a list of names");
    kinds = value.is_string() ? value.get<std::string>() : value.dump();
  }
  if (!contains(kinds, "c2p") || !contains(kinds, "p2c")) return unsupported("'pos_att_type' is not c2p and p2c");
  if (!contains(TRY(object.String("norm_rel_ebd")).value_or("none"), "layer_norm")) {
    return unsupported("'norm_rel_ebd' is not layer_norm");
  }
  if (TRY(object.Integer("conv_kernel_size")).value_or(0) > 0)
    return unsupported("'conv_kernel_size' is set, but convolutions are not supported");
  TRY(RequireHiddenSize(object, "pooler_hidden_size", config.hidden_size, where));
  TRY(RequireHiddenSize(object, "embedding_size", config.hidden_size, where));
  const int64_t distance = TRY(object.Integer("max_relative_positions")).value_or(-1);
  const int64_t buckets = TRY(object.Integer("position_buckets")).value_or(-1);
  if (distance > kMaxConfigSize)
    return BadConfig(where,
                     fmt::format("'max_relative_positions' is {}, expected at most {}", distance, kMaxConfigSize));
  if (buckets > kMaxConfigSize)
    return BadConfig(where, fmt::format("'position_buckets' is {}, expected at most {}", buckets, kMaxConfigSize));
  config.max_relative_distance = distance < 1 ? config.max_positions : static_cast<int>(distance);
  config.relative_buckets = buckets > 0 ? static_cast<int>(buckets) : 0;
  config.relative_span = buckets > 0 ? config.relative_buckets : config.max_relative_distance;
  config.share_position_weights = TRY(object.Bool("share_att_key")).value_or(false);
  config.absolute_positions = TRY(object.Bool("position_biased_input")).value_or(true);
  return {};
}

/// One of the two kinds of rotary positions, in transformers 5's form or the one before, which also holds what the
/// newer one leaves out.
Result<float> ReadRopeTheta(const JsonObject& object, const ConfigReader& reader, const char* kind, const char* older,
                            float fallback, std::string_view where) {
  fallback = TRY(reader.Real(older, fallback));
  const Json* const parameters = object.json().Find("rope_parameters");
  if (parameters == nullptr || parameters->is_null()) return fallback;
  if (!parameters->is_object()) return BadConfig(where, "'rope_parameters' must be an object");
  const Json* const own = parameters->Find(kind);
  if (own == nullptr || own->is_null()) return fallback;
  const JsonObject read = TRY(JsonObject::Of(*own, fmt::format("{}: '{}'", where, kind), ErrorCode::kInvalidModel));
  const std::string type = TRY(read.String("rope_type")).value_or("default");
  if (type != "default") {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: 'rope_type' is '{}'", where, type), "supported: default");
  }
  return ConfigReader(read, where).Real("rope_theta", fallback);
}

/// Returns for each layer whether it attends to neighbouring tokens alone: configs name the kind of each layer, or, in
/// the older form, say that every n-th layer attends to all tokens.
Result<std::vector<bool>> ReadLocalLayers(const JsonObject& object, int num_layers, std::string_view where) {
  std::vector<bool> local;
  if (!object.Has("layer_types")) {
    const int64_t every = TRY(object.Integer(kGlobalInterval)).value_or(3);
    if (every < 1 || every > kMaxConfigSize)
      return BadConfig(where, fmt::format("'global_attn_every_n_layers' is {}", every));
    for (int l = 0; l < num_layers; ++l) local.push_back(IsLocalAtInterval(static_cast<size_t>(l), every));
    return local;
  }
  const Json& types = object.json()["layer_types"];
  if (!types.is_array() || types.size() != static_cast<size_t>(num_layers)) {
    return BadConfig(where, fmt::format("'layer_types' must be an array of {} names", num_layers));
  }
  for (const Json& type : types) {
    if (!type.is_string() || (type.str() != "full_attention" && type.str() != "sliding_attention")) {
      return BadConfig(where, fmt::format("'layer_types' contains {}, expected full_attention or sliding_attention",
                                          DumpJsonLine(type)));
    }
    local.push_back(type.str() == "sliding_attention");
  }
  return local;
}

/// ModernBERT as published; switches that add biases are refused.
Result<void> ReadModernBert(const JsonObject& object, const ConfigReader& reader, std::string_view where,
                            ModelConfig& config) {
  for (const char* key : {"attention_bias", "mlp_bias", "norm_bias", "classifier_bias"}) {
    if (TRY(object.Bool(key)).value_or(false)) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: '{}' is true", where, key),
                  "supported: false, as in all published ModernBERT models");
    }
  }
  if (const Json* const scaling = object.json().Find("rope_scaling"); scaling != nullptr && !scaling->is_null()) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: has 'rope_scaling'", where),
                "supported: models without 'rope_scaling'");
  }
  const std::string pooling = TRY(object.String("classifier_pooling")).value_or("cls");
  if (pooling != "cls" && pooling != "mean") {
    return BadConfig(where, fmt::format("'classifier_pooling' is '{}', expected cls or mean", pooling));
  }
  config.mean_pooling = pooling == "mean";
  const int64_t window = TRY(object.Integer("local_attention")).value_or(128);
  if (window < 1 || window > kMaxConfigSize) return BadConfig(where, fmt::format("'local_attention' is {}", window));
  config.local_distance = static_cast<int>(window / 2);
  config.local_layers = TRY(ReadLocalLayers(object, config.num_layers, where));
  config.global_rope_theta = TRY(ReadRopeTheta(object, reader, "full_attention", "global_rope_theta", 160000, where));
  // transformers 4 read a null as the global one.
  const Json* const local = object.json().Find("local_rope_theta");
  const float fallback = local != nullptr && local->is_null() ? config.global_rope_theta : 10000;
  config.local_rope_theta =
      TRY(ReadRopeTheta(object, reader, "sliding_attention", "local_rope_theta", fallback, where));
  config.pooler_activation = TRY(ReadActivation(object, "classifier_activation", "gelu", where));
  config.absolute_positions = false;
  return {};
}

/// The interval of the global layers, for programs that do not read 'layer_types' (transformers 4 is one). Where the
/// layers follow none it is null, an error to those programs: without the key they would take it for 3.
void FormatGlobalInterval(const ModelConfig& config, Json& json) {
  const Json* const source = json.Find(kGlobalInterval);
  if (source != nullptr && source->is_number_integer() && source->get<int64_t>() >= 1 &&
      FollowsInterval(config.local_layers, source->get<int64_t>())) {
    return;
  }
  const std::optional<int> interval = GlobalLayerInterval(config.local_layers);
  json[kGlobalInterval] = OrNull(interval);
}

void FormatModernBert(const ModelConfig& config, Json& json) {
  json["classifier_pooling"] = config.mean_pooling ? "mean" : "cls";
  json["classifier_activation"] = NameOfActivation(config.pooler_activation);
  json["embedding_dropout"] = ShortestDouble(config.embedding_dropout);
  for (const char* key : {"attention_bias", "mlp_bias", "norm_bias", "classifier_bias"}) json[key] = false;
  json["local_attention"] = std::max(1, 2 * config.local_distance);  // a window is not empty; 1 has a distance of 0
  Json types = Json::array();
  for (const bool local : config.local_layers) types.push_back(local ? "sliding_attention" : "full_attention");
  json["layer_types"] = std::move(types);
  FormatGlobalInterval(config, json);
  // In both forms: transformers 5 reads the second.
  json["global_rope_theta"] = ShortestDouble(config.global_rope_theta);
  json["local_rope_theta"] = ShortestDouble(config.local_rope_theta);
  json["rope_parameters"] = {
      {"full_attention", {{"rope_type", "default"}, {"rope_theta", ShortestDouble(config.global_rope_theta)}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", ShortestDouble(config.local_rope_theta)}}}};
}

Result<void> ValidateModernBert(const ModelConfig& config, std::string_view where) {
  if (config.local_layers.size() != static_cast<size_t>(config.num_layers)) {
    return BadConfig(
        where, fmt::format("'layer_types' has {} layers, expected {}", config.local_layers.size(), config.num_layers));
  }
  if (config.hidden_size / config.num_heads % 2 != 0) {
    return BadConfig(where,
                     fmt::format("'hidden_size' / 'num_attention_heads' is {}; rotary positions require an even number",
                                 config.hidden_size / config.num_heads));
  }
  for (const auto& [kind, theta] :
       {std::pair{"global", config.global_rope_theta}, std::pair{"local", config.local_rope_theta}}) {
    if (!(theta >= 1 && std::isfinite(theta)))
      return BadConfig(where, fmt::format("the {} 'rope_theta' is {}, expected 1 or more", kind, theta));
  }
  return {};
}

}  // namespace

Result<void> ReadFamily(const JsonObject& object, const ConfigReader& reader, std::string_view where,
                        ModelConfig& config) {
  if (config.architecture == Architecture::kDebertaV2) {
    TRY(ReadDeberta(object, where, config));
    config.pooler_activation = TRY(ReadActivation(object, "pooler_hidden_act", "gelu", where));
    config.pooler_dropout = TRY(reader.Real("pooler_dropout", 0));
  }
  if (config.architecture == Architecture::kAlbert) {
    config.embedding_size = TRY(reader.Size("embedding_size", 128, 1, kMaxConfigSize));
    config.num_layer_groups = TRY(reader.Size("num_hidden_groups", 1, 1, config.num_layers));
    const int64_t inner = TRY(object.Integer("inner_group_num")).value_or(1);
    if (inner != 1) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: 'inner_group_num' is {}", where, inner),
                  "supported: 1, as in all published ALBERT models");
    }
  }
  if (config.architecture == Architecture::kModernBert) {
    TRY(ReadModernBert(object, reader, where, config));
    config.embedding_dropout = TRY(reader.Real("embedding_dropout", 0));
  }
  if (config.architecture == Architecture::kMpNet) {
    config.bias_buckets = TRY(reader.Size("relative_attention_num_buckets", kBiasBuckets, 1, kMaxConfigSize));
  }
  if (config.architecture == Architecture::kElectra) {
    // Hugging Face's default; without a projection where the sizes are equal.
    const int size = TRY(reader.Size("embedding_size", 128, 1, kMaxConfigSize));
    config.embedding_size = size == config.hidden_size ? 0 : size;
  }
  return {};
}

Result<void> ValidateFamily(const ModelConfig& config, std::string_view where) {
  const auto size = [&](const char* key, int value) -> Result<void> {
    if (value >= 1 && value <= kMaxConfigSize) return {};
    return BadConfig(where, fmt::format("'{}' is {}, expected 1 to {}", key, value, kMaxConfigSize));
  };
  if (config.num_layer_groups < 0 || config.num_layer_groups > config.num_layers) {
    return BadConfig(where, fmt::format("'num_hidden_groups' is {}, expected 1 to {}, the number of layers",
                                        config.num_layer_groups, config.num_layers));
  }
  if (config.embedding_size != 0) TRY(size("embedding_size", config.embedding_size));
  if (config.architecture == Architecture::kMpNet && config.bias_buckets < kBiasBuckets) {
    return BadConfig(where, fmt::format("'relative_attention_num_buckets' is {}, expected {} or more",
                                        config.bias_buckets, kBiasBuckets));
  }
  if (config.architecture == Architecture::kDebertaV2) {
    TRY(size("position_buckets or max_relative_positions", config.relative_span));
    TRY(size("max_relative_positions", config.max_relative_distance));
    // Buckets are half linear, and the logarithmic ones begin at a distance below the largest.
    if (config.relative_buckets > 0 &&
        (config.relative_buckets < 4 || config.relative_buckets / 2 >= config.max_relative_distance - 1)) {
      return BadConfig(
          where,
          fmt::format(
              "'position_buckets' is {}, expected at least 4 and less than {} (2 * 'max_relative_positions' - 2)",
              config.relative_buckets, 2 * config.max_relative_distance - 2));
    }
  }
  if (config.architecture == Architecture::kModernBert) TRY(ValidateModernBert(config, where));
  return {};
}

void FormatFamily(const ModelConfig& config, Json& json) {
  if (config.architecture == Architecture::kDebertaV2) {
    json["relative_attention"] = true;
    json["pos_att_type"] = {"p2c", "c2p"};
    json["norm_rel_ebd"] = "layer_norm";
    json["position_biased_input"] = config.absolute_positions;
    json["share_att_key"] = config.share_position_weights;
    json["max_relative_positions"] = config.max_relative_distance;
    json["position_buckets"] = config.relative_buckets > 0 ? config.relative_buckets : -1;
    json["pooler_hidden_size"] = config.hidden_size;
    json["pooler_dropout"] = ShortestDouble(config.pooler_dropout);
    json["pooler_hidden_act"] = NameOfActivation(config.pooler_activation);
  }
  if (config.architecture == Architecture::kAlbert) {
    json["num_hidden_groups"] = config.num_layer_groups;
    json["inner_group_num"] = 1;
    json["embedding_size"] = EmbeddingSize(config);
  }
  if (config.architecture == Architecture::kModernBert) FormatModernBert(config, json);
  if (config.architecture == Architecture::kMpNet) json["relative_attention_num_buckets"] = config.bias_buckets;
  if (config.architecture == Architecture::kElectra) json["embedding_size"] = EmbeddingSize(config);
}

}  // namespace winnow
