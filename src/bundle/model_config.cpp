#include "bundle/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/json.h"
#include "bundle/config_families.h"
#include "bundle/config_keys.h"
#include "bundle/config_reader.h"
#include "bundle/labels.h"

namespace winnow {
namespace {

constexpr int64_t kMaxVocabulary = 1 << 24;
constexpr int64_t kMaxLayers = 1024;

bool IsRoberta(Architecture architecture) {
  return architecture == Architecture::kRoberta || architecture == Architecture::kXlmRoberta;
}

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
    if (!json["architectures"].is_array()) return BadConfig(where, "'architectures' must be an array of class names");
    for (const Json& name : json["architectures"]) {
      if (!name.is_string()) return BadConfig(where, "'architectures' must be an array of class names");
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
    if (count < 1 || count > kMaxConfigSize)
      return BadConfig(where, fmt::format("'num_labels' is {}, expected 1 to {}", count, kMaxConfigSize));
    for (int64_t id = 0; id < count; ++id) labels.push_back(fmt::format("LABEL_{}", id));
  }
  if (num_labels && *num_labels != static_cast<int64_t>(labels.size())) {
    return BadConfig(where, fmt::format("'num_labels' is {}, but 'id2label' or 'label2id' has {} labels", *num_labels,
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
    return BadConfig(where, fmt::format("'problem_type' is '{}'", *type),
                     "expected single_label_classification or multi_label_classification");
  return (type && *type == "multi_label_classification") || num_labels == 1;
}

/// Configs from before there was a 'model_type', as TinyBERT's: they have all of BERT's sizes, and name no class or
/// Returns true if a config without model_type has the sizes of a BERT under BERT's names.
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
    return BadConfig(where, "'model_type' is missing",
                     "specify the directory of a Hugging Face model, with its config.json");
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

/// Replaces what the source says of labels.
void FormatLabels(const ModelConfig& config, Json& json) {
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

bool IsLocalAtInterval(size_t layer, int64_t interval) { return layer % static_cast<size_t>(interval) != 0; }

bool FollowsInterval(const std::vector<bool>& local_layers, int64_t interval) {
  for (size_t l = 0; l < local_layers.size(); ++l) {
    if (local_layers[l] != IsLocalAtInterval(l, interval)) return false;
  }
  return true;
}

std::optional<int> GlobalLayerInterval(const std::vector<bool>& local_layers) {
  for (int interval = 1; interval <= static_cast<int>(local_layers.size()); ++interval) {
    if (FollowsInterval(local_layers, interval)) return interval;
  }
  return std::nullopt;
}

bool ComputesFirstsOnly(const ModelConfig& config, size_t layer) {
  return layer + 1 == static_cast<size_t>(config.num_layers) && !config.mean_pooling;
}

std::optional<HiddenActivation> HeadActivationOf(const ModelConfig& config) {
  switch (config.architecture) {
    case Architecture::kBert:
    case Architecture::kAlbert:
    case Architecture::kMpNet:
    case Architecture::kRoberta:
    case Architecture::kXlmRoberta:
      return std::nullopt;
    case Architecture::kDistilBert:
      return HiddenActivation::kRelu;
    case Architecture::kElectra:
      return HiddenActivation::kGelu;
    case Architecture::kDebertaV2:
    case Architecture::kModernBert:
      return config.pooler_activation;
  }
  return std::nullopt;
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
  const ConfigReader reader(object, where);

  ModelConfig config;
  config.architecture = TRY(ReadArchitecture(object, where));
  TRY(RefuseVariants(object, where));
  const ConfigKeys& keys = ConfigKeysOf(config.architecture);
  const ConfigDefaults defaults = ConfigDefaultsOf(config.architecture);
  const bool distilbert = config.architecture == Architecture::kDistilBert;
  const bool deberta = config.architecture == Architecture::kDebertaV2;
  config.vocab_size = TRY(reader.Size("vocab_size", std::nullopt, 1, kMaxVocabulary));
  config.hidden_size = TRY(reader.Size(keys.hidden_size, std::nullopt, 1, kMaxConfigSize));
  config.num_layers = TRY(reader.Size(keys.num_layers, std::nullopt, 1, kMaxLayers));
  config.num_heads = TRY(reader.Size(keys.num_heads, std::nullopt, 1, kMaxConfigSize));
  config.intermediate_size = TRY(reader.Size(keys.intermediate_size, std::nullopt, 1, kMaxConfigSize));
  config.max_positions = TRY(reader.Size("max_position_embeddings", defaults.max_positions, 1, kMaxConfigSize));
  config.type_vocab_size =
      keys.type_vocab_size == nullptr
          ? 0
          : TRY(reader.Size(keys.type_vocab_size, defaults.type_vocab_size, deberta ? 0 : 1, kMaxConfigSize));
  config.pad_token_id = TRY(reader.Size("pad_token_id", defaults.pad_token_id, 0, kMaxVocabulary));
  config.layer_norm_eps = distilbert ? 1e-12f : TRY(reader.Real(keys.layer_norm_eps, defaults.layer_norm_eps));
  config.activation = TRY(ReadActivation(object, keys.activation, defaults.activation, where));
  config.hidden_dropout = TRY(reader.Real(keys.hidden_dropout, defaults.dropout));
  config.attention_dropout = TRY(reader.Real(keys.attention_dropout, defaults.dropout));
  config.classifier_dropout =
      TRY(reader.Real(keys.classifier_dropout, defaults.classifier_dropout.value_or(config.hidden_dropout)));
  config.initializer_range = TRY(reader.Real("initializer_range", .02f));
  TRY(ReadFamily(object, reader, where, config));
  config.labels = TRY(ReadLabels(object, where));
  config.multi_label = TRY(ReadMultiLabel(object, config.labels.size(), where));
  config.source = std::string(text);
  TRY(ValidateModelConfig(config, where));
  return config;
}

Result<void> ValidateModelConfig(const ModelConfig& config, std::string_view where) {
  const ConfigKeys& keys = ConfigKeysOf(config.architecture);
  const auto size = [&](const char* key, int value, int64_t maximum) -> Result<void> {
    if (value >= 1 && value <= maximum) return {};
    return BadConfig(where, fmt::format("'{}' is {}, expected 1 to {}", key, value, maximum));
  };
  TRY(size("vocab_size", config.vocab_size, kMaxVocabulary));
  TRY(size(keys.hidden_size, config.hidden_size, kMaxConfigSize));
  TRY(size(keys.num_layers, config.num_layers, kMaxLayers));
  TRY(size(keys.num_heads, config.num_heads, kMaxConfigSize));
  TRY(size(keys.intermediate_size, config.intermediate_size, kMaxConfigSize));
  TRY(size("max_position_embeddings", config.max_positions, kMaxConfigSize));
  const bool deberta = config.architecture == Architecture::kDebertaV2;
  if (keys.type_vocab_size != nullptr && !(deberta && config.type_vocab_size == 0)) {
    TRY(size(keys.type_vocab_size, config.type_vocab_size, kMaxConfigSize));
  }
  if (config.hidden_size % config.num_heads != 0) {
    return BadConfig(where, fmt::format("'{}' is {}, which is not a multiple of '{}' = {}", keys.hidden_size,
                                        config.hidden_size, keys.num_heads, config.num_heads));
  }
  TRY(ValidateFamily(config, where));
  if (config.pad_token_id < 0 || config.pad_token_id >= config.vocab_size) {
    return BadConfig(where, fmt::format("'pad_token_id' is {}, outside the vocabulary of {}", config.pad_token_id,
                                        config.vocab_size));
  }
  if (MaxTokens(config) < 1) {
    return BadConfig(where,
                     fmt::format("'max_position_embeddings' is {}, too small for any text", config.max_positions));
  }
  const auto probability = [&](const char* key, float value) -> Result<void> {
    if (value >= 0 && value < 1) return {};
    return BadConfig(where, fmt::format("'{}' is {}, expected at least 0 and below 1", key, value));
  };
  TRY(probability(keys.hidden_dropout, config.hidden_dropout));
  TRY(probability(keys.attention_dropout, config.attention_dropout));
  TRY(probability(keys.classifier_dropout, config.classifier_dropout));
  TRY(probability("embedding_dropout", config.embedding_dropout));
  TRY(probability("pooler_dropout", config.pooler_dropout));
  if (!(config.layer_norm_eps > 0 && config.layer_norm_eps < 1))
    return BadConfig(where, fmt::format("'layer_norm_eps' is {}, expected above 0 and below 1", config.layer_norm_eps));
  if (!(config.initializer_range >= 0 && std::isfinite(config.initializer_range)))
    return BadConfig(where, fmt::format("'initializer_range' is {}, expected 0 or more", config.initializer_range));
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
  if (ActivationOf(spelled) != config.activation) json[keys.activation] = NameOfActivation(config.activation);
  json[keys.hidden_dropout] = ShortestDouble(config.hidden_dropout);
  json[keys.attention_dropout] = ShortestDouble(config.attention_dropout);
  const bool inherited = !ConfigDefaultsOf(config.architecture).classifier_dropout &&
                         (!json.contains(keys.classifier_dropout) || json[keys.classifier_dropout].is_null()) &&
                         config.classifier_dropout == config.hidden_dropout;
  if (!inherited) json[keys.classifier_dropout] = ShortestDouble(config.classifier_dropout);
  FormatFamily(config, json);
  json["initializer_range"] = ShortestDouble(config.initializer_range);
  json["pad_token_id"] = config.pad_token_id;
  // Winnow writes weights in f32, whatever the base model's were.
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (json.contains(key)) json[key] = "float32";
  }
  FormatLabels(config, json);
  return DumpJson(json);
}

}  // namespace winnow
