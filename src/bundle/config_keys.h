/// The names of config.json's keys in each family of encoders.
#pragma once

#include <array>
#include <optional>

#include "bundle/model_config.h"

namespace winnow {

inline constexpr std::array kArchitectures = {
    Architecture::kBert,       Architecture::kDistilBert, Architecture::kRoberta,
    Architecture::kXlmRoberta, Architecture::kElectra,    Architecture::kDebertaV2,
    Architecture::kAlbert,     Architecture::kMpNet,      Architecture::kModernBert};

/// The keys of the configuration's fields in one architecture. Null: the architecture has no such field.
struct ConfigKeys {
  const char* model_type;
  const char* base_class;
  const char* classifier_class;
  const char* hidden_size;
  const char* num_layers;
  const char* num_heads;
  const char* intermediate_size;
  const char* type_vocab_size;
  const char* layer_norm_eps;
  const char* activation;
  const char* hidden_dropout;
  const char* attention_dropout;
  const char* classifier_dropout;
};
const ConfigKeys& ConfigKeysOf(Architecture architecture);

/// Hugging Face's defaults of the fields that config.json lacks.
struct ConfigDefaults {
  int type_vocab_size;
  float layer_norm_eps;
  int pad_token_id;
  const char* activation = "gelu";
  float dropout = .1f;
  int max_positions = 512;
  std::optional<float> classifier_dropout = {};  ///< nothing: that of hidden states
};
ConfigDefaults ConfigDefaultsOf(Architecture architecture);

}  // namespace winnow
