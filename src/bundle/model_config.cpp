#include "bundle/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "base/files.h"
#include "base/json.h"
#include "bundle/config_keys.h"
#include "bundle/labels.h"
#include "bundle/open_weights.h"
#include "bundle/relative_row.h"

namespace winnow {
namespace {

constexpr int64_t kMaxSize = 1 << 20;
constexpr int64_t kMaxVocabulary = 1 << 24;
constexpr int64_t kMaxLayers = 1024;

bool IsRoberta(Architecture architecture) {
  return architecture == Architecture::kRoberta || architecture == Architecture::kXlmRoberta;
}

struct ActivationName {
  std::string_view name;
  HiddenActivation activation;
};

/// Hugging Face's spellings; the first of each kind is the one that is written.
constexpr std::array kActivations = {
    ActivationName{"gelu", HiddenActivation::kGelu},
    ActivationName{"gelu_python", HiddenActivation::kGelu},
    ActivationName{"gelu_new", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_pytorch_tanh", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_fast", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_accurate", HiddenActivation::kGeluTanh},
    ActivationName{"relu", HiddenActivation::kRelu},
};

std::unexpected<Error> Bad(std::string_view where, const std::string& why, std::string hint = {}) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where, why), std::move(hint));
}

/// Reads numbers under their names; a missing one has Hugging Face's default, or is an error where there is none.
class Reader {
 public:
  Reader(const JsonObject& object, std::string_view where) : object_(object), where_(where) {}

  Result<int> Size(const char* key, std::optional<int> fallback, int64_t minimum, int64_t maximum) const {
    const std::optional<int64_t> value = TRY(object_.Integer(key));
    if (!value && fallback) return *fallback;
    if (!value) return Bad(where_, fmt::format("has no '{}'", key));
    if (*value < minimum || *value > maximum) {
      return Bad(where_, fmt::format("'{}' is {}, expected {} to {}", key, *value, minimum, maximum));
    }
    return static_cast<int>(*value);
  }

  Result<float> Real(const char* key, float fallback) const {
    const std::optional<double> value = TRY(object_.Number(key));
    return value ? static_cast<float>(*value) : fallback;
  }

 private:
  const JsonObject& object_;
  std::string_view where_;
};

/// A class of transformers that classifies no texts. Anything else may be somebody's own classifier, whatever its name.
bool IsOtherModelClass(std::string_view name) {
  for (const std::string_view ending :
       {"ForMaskedLM", "ForPreTraining", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice",
        "ForNextSentencePrediction", "ForCausalLM", "LMHeadModel", "PreTrainedModel"}) {
    if (name.ends_with(ending)) return true;
  }
  return std::ranges::any_of(kArchitectures, [&](Architecture each) { return name == ConfigKeysOf(each).base_class; });
}

/// Labels belong to a classification head: a base model's config may carry the default ones, which mean nothing.
Result<std::vector<std::string>> ReadLabels(const JsonObject& object, std::string_view where) {
  const Json& json = object.json();
  bool classifier = !object.Has("architectures");
  bool of_transformers = false;
  if (object.Has("architectures")) {
    if (!json["architectures"].is_array()) return Bad(where, "'architectures' must be an array of class names");
    for (const Json& name : json["architectures"]) {
      if (!name.is_string()) return Bad(where, "'architectures' must be an array of class names");
      of_transformers = of_transformers || name.str().ends_with("ForSequenceClassification");
      classifier = classifier || !IsOtherModelClass(name.str());
    }
    classifier = classifier || json["architectures"].empty();
  }
  if (!classifier) return std::vector<std::string>();

  std::vector<std::string> labels;
  const std::optional<int64_t> num_labels = TRY(object.Integer("num_labels"));
  if (object.Has("id2label")) {
    labels = TRY(LabelsById(json["id2label"], where));
  } else if (object.Has("label2id")) {
    labels = TRY(LabelsByName(json["label2id"], where));
  } else if (num_labels || of_transformers) {
    // Hugging Face's defaults for a head that nobody named.
    const int64_t count = num_labels.value_or(2);
    if (count < 1 || count > kMaxSize)
      return Bad(where, fmt::format("'num_labels' is {}, expected 1 to {}", count, kMaxSize));
    for (int64_t id = 0; id < count; ++id) labels.push_back(fmt::format("LABEL_{}", id));
  }
  if (num_labels && *num_labels != static_cast<int64_t>(labels.size())) {
    return Bad(where, fmt::format("'num_labels' is {}, but 'id2label' or 'label2id' has {} labels", *num_labels,
                                  labels.size()));
  }
  return labels;
}

Result<bool> ReadMultiLabel(const JsonObject& object, size_t num_labels, std::string_view where) {
  const std::optional<std::string> type = TRY(object.String("problem_type"));
  if (type && *type == "regression") {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: problem_type is 'regression'", where),
                "regression is not supported; supported: single_label_classification, multi_label_classification");
  }
  if (type && *type != "single_label_classification" && *type != "multi_label_classification")
    return Bad(where, fmt::format("'problem_type' is '{}'", *type),
               "expected single_label_classification or multi_label_classification");
  return (type && *type == "multi_label_classification") || num_labels == 1;
}

/// Configs from before there was a 'model_type', as TinyBERT's: they have all of BERT's sizes, and name no class or
/// BERT's.
bool LooksLikeBert(const Json& config) {
  const ConfigKeys& bert = ConfigKeysOf(Architecture::kBert);
  for (const char* key : {"vocab_size", bert.hidden_size, bert.num_layers, bert.num_heads, bert.intermediate_size,
                          bert.type_vocab_size, bert.activation, "max_position_embeddings"}) {
    if (!config.contains(key)) return false;
  }
  const Json* const architectures = config.Find("architectures");
  return architectures == nullptr || !architectures->is_array() ||
         std::ranges::all_of(*architectures,
                             [](const Json& name) { return name.is_string() && name.str().starts_with("Bert"); });
}

Result<Architecture> ReadArchitecture(const JsonObject& object, std::string_view where) {
  const std::optional<std::string> type = TRY(object.String("model_type"));
  if (!type && LooksLikeBert(object.json())) return Architecture::kBert;
  if (!type)
    return Bad(where, "'model_type' is missing", "specify the directory of a Hugging Face model, with its config.json");
  for (const Architecture each : kArchitectures) {
    if (*type == ConfigKeysOf(each).model_type) return each;
  }
  return Fail(ErrorCode::kUnsupported, fmt::format("{}: model_type is '{}'", where, *type),
              "supported: bert (also MiniLM and TinyBERT), distilbert, roberta, xlm-roberta, electra, deberta-v2 (also "
              "DeBERTa-v3), albert, mpnet, modernbert");
}

/// Variants of the architectures that this program doesn't compute: better refused than answered wrongly.
Result<void> RefuseVariants(const JsonObject& object, std::string_view where) {
  const std::optional<std::string> positions = TRY(object.String("position_embedding_type"));
  if (positions && *positions != "absolute") {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: position_embedding_type is '{}'", where, *positions),
                "supported: absolute");
  }
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    if (TRY(object.Bool(key)).value_or(false)) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: '{}' is true", where, key),
                  "decoder models are not supported; use an encoder such as BERT");
    }
  }
  return {};
}

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
    if (!value.is_string() && !value.is_array()) return Bad(where, "'pos_att_type' must be a list of names");
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
  if (distance > kMaxSize)
    return Bad(where, fmt::format("'max_relative_positions' is {}, expected at most {}", distance, kMaxSize));
  if (buckets > kMaxSize)
    return Bad(where, fmt::format("'position_buckets' is {}, expected at most {}", buckets, kMaxSize));
  config.max_relative_distance = distance < 1 ? config.max_positions : static_cast<int>(distance);
  config.relative_buckets = buckets > 0 ? static_cast<int>(buckets) : 0;
  config.relative_span = buckets > 0 ? config.relative_buckets : config.max_relative_distance;
  config.share_position_weights = TRY(object.Bool("share_att_key")).value_or(false);
  config.absolute_positions = TRY(object.Bool("position_biased_input")).value_or(true);
  return {};
}

Result<HiddenActivation> ReadActivation(const JsonObject& object, const char* key, const char* fallback,
                                        std::string_view where) {
  const std::string name = TRY(object.String(key)).value_or(fallback);
  const auto* found = std::ranges::find(kActivations, std::string_view(name), &ActivationName::name);
  if (found == kActivations.end()) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: '{}' is '{}'", where, key, name),
                "supported: gelu, gelu_new (and gelu_pytorch_tanh, gelu_fast), relu");
  }
  return found->activation;
}

/// One of the two kinds of rotary positions, in transformers 5's form or the one before.
Result<float> ReadRopeTheta(const JsonObject& object, const char* kind, const char* older, float fallback,
                            std::string_view where) {
  const Json& json = object.json();
  const Json* const parameters = json.Find("rope_parameters");
  if (parameters == nullptr || parameters->is_null()) {
    return static_cast<float>(TRY(object.Number(older)).value_or(static_cast<double>(fallback)));
  }
  if (!parameters->is_object()) return Bad(where, "'rope_parameters' must be an object");
  const Json* const own = parameters->Find(kind);
  if (own == nullptr || own->is_null()) return fallback;
  const JsonObject read = TRY(JsonObject::Of(*own, fmt::format("{}: '{}'", where, kind), ErrorCode::kInvalidModel));
  const std::string type = TRY(read.String("rope_type")).value_or("default");
  if (type != "default") {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: 'rope_type' is '{}'", where, type), "supported: default");
  }
  return static_cast<float>(TRY(read.Number("rope_theta")).value_or(static_cast<double>(fallback)));
}

/// Which layers attend to neighbours alone: by name, or in older configs all but every n-th.
Result<std::vector<bool>> ReadLocalLayers(const JsonObject& object, int num_layers, std::string_view where) {
  std::vector<bool> local;
  if (!object.Has("layer_types")) {
    const int64_t every = TRY(object.Integer("global_attn_every_n_layers")).value_or(3);
    if (every < 1 || every > kMaxSize) return Bad(where, fmt::format("'global_attn_every_n_layers' is {}", every));
    for (int l = 0; l < num_layers; ++l) local.push_back(l % every != 0);
    return local;
  }
  const Json& types = object.json()["layer_types"];
  if (!types.is_array() || types.size() != static_cast<size_t>(num_layers)) {
    return Bad(where, fmt::format("'layer_types' must be an array of {} names", num_layers));
  }
  for (const Json& type : types) {
    if (!type.is_string() || (type.str() != "full_attention" && type.str() != "sliding_attention")) {
      return Bad(where, fmt::format("'layer_types' contains {}, expected full_attention or sliding_attention",
                                    DumpJsonLine(type)));
    }
    local.push_back(type.str() == "sliding_attention");
  }
  return local;
}

/// ModernBERT as published; switches that add biases are refused.
Result<void> ReadModernBert(const JsonObject& object, std::string_view where, ModelConfig& config) {
  for (const char* key : {"attention_bias", "mlp_bias", "norm_bias", "classifier_bias"}) {
    if (TRY(object.Bool(key)).value_or(false)) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: '{}' is true", where, key),
                  "supported: false, as in all published ModernBERT models");
    }
  }
  if (const Json* const scaling = object.json().Find("rope_scaling"); scaling != nullptr && !scaling->is_null()) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: has 'rope_scaling'", where), "supported: none");
  }
  const std::string pooling = TRY(object.String("classifier_pooling")).value_or("cls");
  if (pooling != "cls" && pooling != "mean") {
    return Bad(where, fmt::format("'classifier_pooling' is '{}', expected cls or mean", pooling));
  }
  config.mean_pooling = pooling == "mean";
  const int64_t window = TRY(object.Integer("local_attention")).value_or(128);
  if (window < 1 || window > kMaxSize) return Bad(where, fmt::format("'local_attention' is {}", window));
  config.local_distance = static_cast<int>(window / 2);
  config.local_layers = TRY(ReadLocalLayers(object, config.num_layers, where));
  config.global_rope_theta = TRY(ReadRopeTheta(object, "full_attention", "global_rope_theta", 160000, where));
  // transformers 4 read a null as the global one.
  const Json* const local = object.json().Find("local_rope_theta");
  const float fallback = local != nullptr && local->is_null() ? config.global_rope_theta : 10000;
  config.local_rope_theta = TRY(ReadRopeTheta(object, "sliding_attention", "local_rope_theta", fallback, where));
  config.pooler_activation = TRY(ReadActivation(object, "classifier_activation", "gelu", where));
  config.absolute_positions = false;
  return {};
}

/// The shortest decimal that reads back as the same float: 0.1f is written as 0.1, as Hugging Face does.
double ShortestDouble(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

void FormatModernBert(const ModelConfig& config, Json& json) {
  json["classifier_pooling"] = config.mean_pooling ? "mean" : "cls";
  const auto* activation = std::ranges::find(kActivations, config.pooler_activation, &ActivationName::activation);
  json["classifier_activation"] = activation->name;
  json["embedding_dropout"] = ShortestDouble(config.embedding_dropout);
  for (const char* key : {"attention_bias", "mlp_bias", "norm_bias", "classifier_bias"}) json[key] = false;
  json["local_attention"] = 2 * config.local_distance;
  Json types = Json::array();
  for (const bool local : config.local_layers) types.push_back(local ? "sliding_attention" : "full_attention");
  json["layer_types"] = std::move(types);
  // In both forms: transformers 5 reads the second.
  json["global_rope_theta"] = ShortestDouble(config.global_rope_theta);
  json["local_rope_theta"] = ShortestDouble(config.local_rope_theta);
  json["rope_parameters"] = {
      {"full_attention", {{"rope_type", "default"}, {"rope_theta", ShortestDouble(config.global_rope_theta)}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", ShortestDouble(config.local_rope_theta)}}}};
}

Result<void> ValidateModernBert(const ModelConfig& config, std::string_view where) {
  if (config.local_layers.size() != static_cast<size_t>(config.num_layers)) {
    return Bad(where,
               fmt::format("'layer_types' has {} layers, expected {}", config.local_layers.size(), config.num_layers));
  }
  if (config.hidden_size / config.num_heads % 2 != 0) {
    return Bad(where, fmt::format("a head has {} columns; rotary positions require an even number",
                                  config.hidden_size / config.num_heads));
  }
  for (const auto& [kind, theta] :
       {std::pair{"global", config.global_rope_theta}, std::pair{"local", config.local_rope_theta}}) {
    if (!(theta >= 1 && std::isfinite(theta)))
      return Bad(where, fmt::format("the {} 'rope_theta' is {}, expected 1 or more", kind, theta));
  }
  return {};
}

}  // namespace

std::string_view ModelTypeOf(Architecture architecture) { return ConfigKeysOf(architecture).model_type; }

int EmbeddingSize(const ModelConfig& config) {
  return config.embedding_size > 0 ? config.embedding_size : config.hidden_size;
}

int NumLayerGroups(const ModelConfig& config) {
  return config.num_layer_groups > 0 ? config.num_layer_groups : config.num_layers;
}

int GroupOfLayer(const ModelConfig& config, int layer) {
  if (config.num_layer_groups == 0) return layer;
  // As transformers computes it, whose quotient may be rounded.
  return static_cast<int>(layer / (static_cast<double>(config.num_layers) / config.num_layer_groups));
}

bool IsPreNorm(const ModelConfig& config) { return config.architecture == Architecture::kModernBert; }

bool IsLocalLayer(const ModelConfig& config, size_t layer) {
  return layer < config.local_layers.size() && config.local_layers[layer];
}

bool ComputesFirstsOnly(const ModelConfig& config, size_t layer) {
  return layer + 1 == static_cast<size_t>(config.num_layers) && !config.mean_pooling;
}

int PositionPadding(const ModelConfig& config) {
  if (config.architecture == Architecture::kMpNet) return 1;  // transformers' MPNetEmbeddings has it fixed
  return IsRoberta(config.architecture) ? config.pad_token_id : -1;
}

int FirstPosition(const ModelConfig& config) { return PositionPadding(config) + 1; }

int MaxTokens(const ModelConfig& config) { return config.max_positions - FirstPosition(config); }

Result<ModelConfig> ParseModelConfig(std::string_view text, std::string_view where) {
  const Json json = TRY(ParseJson(text, where, ErrorCode::kInvalidModel));
  const JsonObject object = TRY(JsonObject::Of(json, std::string(where), ErrorCode::kInvalidModel));
  const Reader reader(object, where);

  ModelConfig config;
  config.architecture = TRY(ReadArchitecture(object, where));
  TRY(RefuseVariants(object, where));
  const ConfigKeys& keys = ConfigKeysOf(config.architecture);
  const ConfigDefaults defaults = ConfigDefaultsOf(config.architecture);
  const bool distilbert = config.architecture == Architecture::kDistilBert;
  const bool deberta = config.architecture == Architecture::kDebertaV2;
  config.vocab_size = TRY(reader.Size("vocab_size", std::nullopt, 1, kMaxVocabulary));
  config.hidden_size = TRY(reader.Size(keys.hidden_size, std::nullopt, 1, kMaxSize));
  config.num_layers = TRY(reader.Size(keys.num_layers, std::nullopt, 1, kMaxLayers));
  config.num_heads = TRY(reader.Size(keys.num_heads, std::nullopt, 1, kMaxSize));
  config.intermediate_size = TRY(reader.Size(keys.intermediate_size, std::nullopt, 1, kMaxSize));
  config.max_positions = TRY(reader.Size("max_position_embeddings", defaults.max_positions, 1, kMaxSize));
  config.type_vocab_size =
      keys.type_vocab_size == nullptr
          ? 0
          : TRY(reader.Size(keys.type_vocab_size, defaults.type_vocab_size, deberta ? 0 : 1, kMaxSize));
  config.pad_token_id = TRY(reader.Size("pad_token_id", defaults.pad_token_id, 0, kMaxVocabulary));
  config.layer_norm_eps = distilbert ? 1e-12f : TRY(reader.Real(keys.layer_norm_eps, defaults.layer_norm_eps));
  config.activation = TRY(ReadActivation(object, keys.activation, defaults.activation, where));
  config.hidden_dropout = TRY(reader.Real(keys.hidden_dropout, defaults.dropout));
  config.attention_dropout = TRY(reader.Real(keys.attention_dropout, defaults.dropout));
  config.classifier_dropout =
      TRY(reader.Real(keys.classifier_dropout, defaults.classifier_dropout.value_or(config.hidden_dropout)));
  config.initializer_range = TRY(reader.Real("initializer_range", .02f));
  if (deberta) {
    TRY(ReadDeberta(object, where, config));
    config.pooler_activation = TRY(ReadActivation(object, "pooler_hidden_act", "gelu", where));
    config.pooler_dropout = TRY(reader.Real("pooler_dropout", 0));
  }
  if (config.architecture == Architecture::kAlbert) {
    config.embedding_size = TRY(reader.Size("embedding_size", 128, 1, kMaxSize));
    config.num_layer_groups = TRY(reader.Size("num_hidden_groups", 1, 1, kMaxLayers));
    const int64_t inner = TRY(object.Integer("inner_group_num")).value_or(1);
    if (inner != 1) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: 'inner_group_num' is {}", where, inner),
                  "supported: 1, as in all published ALBERT models");
    }
  }
  if (config.architecture == Architecture::kModernBert) {
    TRY(ReadModernBert(object, where, config));
    config.embedding_dropout = TRY(reader.Real("embedding_dropout", 0));
  }
  if (config.architecture == Architecture::kMpNet) {
    config.bias_buckets = TRY(reader.Size("relative_attention_num_buckets", kBiasBuckets, 1, kMaxSize));
  }
  if (config.architecture == Architecture::kElectra) {
    // Hugging Face's default; without a projection where the sizes are equal.
    const int size = TRY(reader.Size("embedding_size", 128, 1, kMaxSize));
    config.embedding_size = size == config.hidden_size ? 0 : size;
  }
  config.labels = TRY(ReadLabels(object, where));
  config.multi_label = TRY(ReadMultiLabel(object, config.labels.size(), where));
  config.source = std::string(text);
  TRY(ValidateModelConfig(config, where));
  return config;
}

Result<ModelConfig> ReadModelConfig(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "config.json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    TRY(RefuseAdapter(dir));
    const bool listed = std::filesystem::exists(dir / "winnow.json", ignored);
    return Fail(ErrorCode::kNotFound,
                !std::filesystem::exists(dir, ignored)         ? fmt::format("{}: no such directory", dir.string())
                : !std::filesystem::is_directory(dir, ignored) ? fmt::format("{}: not a directory", dir.string())
                : listed
                    ? fmt::format("{}: no such file", path.string())
                    : fmt::format("{}: not a model: it contains neither winnow.json nor config.json", dir.string()),
                "specify the directory of a model, with its config.json, weights and tokenizer");
  }
  return ParseModelConfig(TRY(ReadFile(path)), path.string());
}

Result<void> ValidateModelConfig(const ModelConfig& config, std::string_view where) {
  const ConfigKeys& keys = ConfigKeysOf(config.architecture);
  const auto size = [&](const char* key, int value, int64_t maximum) -> Result<void> {
    if (value >= 1 && value <= maximum) return {};
    return Bad(where, fmt::format("'{}' is {}, expected 1 to {}", key, value, maximum));
  };
  TRY(size("vocab_size", config.vocab_size, kMaxVocabulary));
  TRY(size(keys.hidden_size, config.hidden_size, kMaxSize));
  TRY(size(keys.num_layers, config.num_layers, kMaxLayers));
  TRY(size(keys.num_heads, config.num_heads, kMaxSize));
  TRY(size(keys.intermediate_size, config.intermediate_size, kMaxSize));
  TRY(size("max_position_embeddings", config.max_positions, kMaxSize));
  if (config.num_layer_groups < 0 || config.num_layer_groups > config.num_layers) {
    return Bad(where, fmt::format("'num_hidden_groups' is {}, expected 1 to {}, the number of layers",
                                  config.num_layer_groups, config.num_layers));
  }
  if (config.embedding_size != 0) TRY(size("embedding_size", config.embedding_size, kMaxSize));
  const bool deberta = config.architecture == Architecture::kDebertaV2;
  if (keys.type_vocab_size != nullptr && !(deberta && config.type_vocab_size == 0)) {
    TRY(size(keys.type_vocab_size, config.type_vocab_size, kMaxSize));
  }
  if (config.architecture == Architecture::kMpNet && config.bias_buckets < kBiasBuckets) {
    return Bad(where, fmt::format("'relative_attention_num_buckets' is {}, expected {} or more", config.bias_buckets,
                                  kBiasBuckets));
  }
  if (deberta) {
    TRY(size("position_buckets or max_relative_positions", config.relative_span, kMaxSize));
    TRY(size("max_relative_positions", config.max_relative_distance, kMaxSize));
    // Buckets are half linear, and the logarithmic ones begin at a distance below the largest.
    if (config.relative_buckets > 0 &&
        (config.relative_buckets < 4 || config.relative_buckets / 2 >= config.max_relative_distance - 1)) {
      return Bad(
          where,
          fmt::format(
              "'position_buckets' is {}, expected at least 4 and less than {} (2 * 'max_relative_positions' - 2)",
              config.relative_buckets, 2 * config.max_relative_distance - 2));
    }
  }
  if (config.hidden_size % config.num_heads != 0) {
    return Bad(where, fmt::format("'{}' is {}, which is not a multiple of '{}' = {}", keys.hidden_size,
                                  config.hidden_size, keys.num_heads, config.num_heads));
  }
  if (config.architecture == Architecture::kModernBert) TRY(ValidateModernBert(config, where));
  if (config.pad_token_id < 0 || config.pad_token_id >= config.vocab_size) {
    return Bad(where, fmt::format("'pad_token_id' is {}, outside the vocabulary of {}", config.pad_token_id,
                                  config.vocab_size));
  }
  if (MaxTokens(config) < 1) {
    return Bad(where, fmt::format("'max_position_embeddings' is {}, too small for any text", config.max_positions));
  }
  const auto probability = [&](const char* key, float value) -> Result<void> {
    if (value >= 0 && value < 1) return {};
    return Bad(where, fmt::format("'{}' is {}, expected at least 0 and below 1", key, value));
  };
  TRY(probability(keys.hidden_dropout, config.hidden_dropout));
  TRY(probability(keys.attention_dropout, config.attention_dropout));
  TRY(probability(keys.classifier_dropout, config.classifier_dropout));
  TRY(probability("embedding_dropout", config.embedding_dropout));
  TRY(probability("pooler_dropout", config.pooler_dropout));
  if (!(config.layer_norm_eps > 0 && config.layer_norm_eps < 1))
    return Bad(where, fmt::format("'layer_norm_eps' is {}, expected above 0 and below 1", config.layer_norm_eps));
  if (!(config.initializer_range >= 0 && std::isfinite(config.initializer_range)))
    return Bad(where, fmt::format("'initializer_range' is {}, expected 0 or more", config.initializer_range));
  return ValidateLabels(config.labels, where);
}

Result<std::string> FormatModelConfig(const ModelConfig& config) {
  TRY(ValidateModelConfig(config, "config.json"));
  Json json = Json::object();
  if (!config.source.empty()) json = TRY(ParseJson(config.source, "config.json", ErrorCode::kInvalidModel));
  const ConfigKeys& keys = ConfigKeysOf(config.architecture);
  json["model_type"] = keys.model_type;
  json["architectures"] = {config.labels.empty() ? keys.base_class : keys.classifier_class};
  json["vocab_size"] = config.vocab_size;
  json[keys.hidden_size] = config.hidden_size;
  json[keys.num_layers] = config.num_layers;
  json[keys.num_heads] = config.num_heads;
  json[keys.intermediate_size] = config.intermediate_size;
  json["max_position_embeddings"] = config.max_positions;
  if (keys.type_vocab_size != nullptr) json[keys.type_vocab_size] = config.type_vocab_size;
  if (keys.layer_norm_eps != nullptr) json[keys.layer_norm_eps] = ShortestDouble(config.layer_norm_eps);
  // A spelling that means the same activation is kept: "gelu_pytorch_tanh" stays.
  const std::string spelled = json.contains(keys.activation) && json[keys.activation].is_string()
                                  ? json[keys.activation].get<std::string>()
                                  : std::string();
  const auto* same = std::ranges::find(kActivations, std::string_view(spelled), &ActivationName::name);
  if (same == kActivations.end() || same->activation != config.activation) {
    const auto* name = std::ranges::find(kActivations, config.activation, &ActivationName::activation);
    json[keys.activation] = name->name;
  }
  json[keys.hidden_dropout] = ShortestDouble(config.hidden_dropout);
  json[keys.attention_dropout] = ShortestDouble(config.attention_dropout);
  const bool inherited = !ConfigDefaultsOf(config.architecture).classifier_dropout &&
                         (!json.contains(keys.classifier_dropout) || json[keys.classifier_dropout].is_null()) &&
                         config.classifier_dropout == config.hidden_dropout;
  if (!inherited) json[keys.classifier_dropout] = ShortestDouble(config.classifier_dropout);
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
    const auto* pooler = std::ranges::find(kActivations, config.pooler_activation, &ActivationName::activation);
    json["pooler_hidden_act"] = pooler->name;
  }
  if (config.architecture == Architecture::kAlbert) {
    json["num_hidden_groups"] = config.num_layer_groups;
    json["inner_group_num"] = 1;
    json["embedding_size"] = EmbeddingSize(config);
  }
  if (config.architecture == Architecture::kModernBert) FormatModernBert(config, json);
  if (config.architecture == Architecture::kMpNet) json["relative_attention_num_buckets"] = config.bias_buckets;
  if (config.architecture == Architecture::kElectra) json["embedding_size"] = EmbeddingSize(config);
  json["initializer_range"] = ShortestDouble(config.initializer_range);
  json["pad_token_id"] = config.pad_token_id;
  // Winnow writes weights in f32, whatever the base model's were.
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (json.contains(key)) json[key] = "float32";
  }
  for (const char* key : {"num_labels", "_num_labels", "id2label", "label2id", "problem_type"}) json.erase(key);
  if (!config.labels.empty()) {
    Json names = Json::object();
    Json ids = Json::object();
    for (size_t id = 0; id < config.labels.size(); ++id) {
      names[std::to_string(id)] = config.labels[id];
      ids[config.labels[id]] = id;
    }
    json["id2label"] = std::move(names);
    json["label2id"] = std::move(ids);
    json["problem_type"] = config.multi_label ? "multi_label_classification" : "single_label_classification";
  }
  return DumpJson(json);
}

Result<void> WriteModelConfig(const std::filesystem::path& dir, const ModelConfig& config) {
  return WriteFileAtomically(dir / "config.json", TRY(FormatModelConfig(config)));
}

}  // namespace winnow
