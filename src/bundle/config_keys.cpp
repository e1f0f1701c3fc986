#include "bundle/config_keys.h"

namespace winnow {
namespace {

constexpr ConfigKeys kBertKeys = {"bert",
                                  "BertModel",
                                  "BertForSequenceClassification",
                                  "hidden_size",
                                  "num_hidden_layers",
                                  "num_attention_heads",
                                  "intermediate_size",
                                  "type_vocab_size",
                                  "layer_norm_eps",
                                  "hidden_act",
                                  "hidden_dropout_prob",
                                  "attention_probs_dropout_prob",
                                  "classifier_dropout"};
constexpr ConfigKeys kDistilBertKeys = {"distilbert",
                                        "DistilBertModel",
                                        "DistilBertForSequenceClassification",
                                        "dim",
                                        "n_layers",
                                        "n_heads",
                                        "hidden_dim",
                                        nullptr,
                                        nullptr,
                                        "activation",
                                        "dropout",
                                        "attention_dropout",
                                        "seq_classif_dropout"};

/// The families that keep BERT's names.
constexpr ConfigKeys LikeBert(const char* model_type, const char* base_class, const char* classifier_class) {
  ConfigKeys keys = kBertKeys;
  keys.model_type = model_type;
  keys.base_class = base_class;
  keys.classifier_class = classifier_class;
  return keys;
}
constexpr ConfigKeys kRobertaKeys = LikeBert("roberta", "RobertaModel", "RobertaForSequenceClassification");
constexpr ConfigKeys kXlmRobertaKeys =
    LikeBert("xlm-roberta", "XLMRobertaModel", "XLMRobertaForSequenceClassification");
constexpr ConfigKeys kElectraKeys = LikeBert("electra", "ElectraModel", "ElectraForSequenceClassification");
constexpr ConfigKeys DebertaKeys() {
  ConfigKeys keys = LikeBert("deberta-v2", "DebertaV2Model", "DebertaV2ForSequenceClassification");
  keys.classifier_dropout = "cls_dropout";
  return keys;
}
constexpr ConfigKeys kDebertaKeys = DebertaKeys();
constexpr ConfigKeys AlbertKeys() {
  ConfigKeys keys = LikeBert("albert", "AlbertModel", "AlbertForSequenceClassification");
  keys.classifier_dropout = "classifier_dropout_prob";
  return keys;
}
constexpr ConfigKeys kAlbertKeys = AlbertKeys();
constexpr ConfigKeys MpNetKeys() {
  ConfigKeys keys = LikeBert("mpnet", "MPNetModel", "MPNetForSequenceClassification");
  keys.type_vocab_size = nullptr;
  return keys;
}
constexpr ConfigKeys kMpNetKeys = MpNetKeys();
constexpr ConfigKeys ModernBertKeys() {
  ConfigKeys keys = LikeBert("modernbert", "ModernBertModel", "ModernBertForSequenceClassification");
  keys.type_vocab_size = nullptr;
  keys.layer_norm_eps = "norm_eps";
  keys.activation = "hidden_activation";
  keys.hidden_dropout = "mlp_dropout";
  keys.attention_dropout = "attention_dropout";
  return keys;
}
constexpr ConfigKeys kModernBertKeys = ModernBertKeys();

}  // namespace

const ConfigKeys& ConfigKeysOf(Architecture architecture) {
  switch (architecture) {
    case Architecture::kBert:
      return kBertKeys;
    case Architecture::kDistilBert:
      return kDistilBertKeys;
    case Architecture::kRoberta:
      return kRobertaKeys;
    case Architecture::kXlmRoberta:
      return kXlmRobertaKeys;
    case Architecture::kElectra:
      return kElectraKeys;
    case Architecture::kDebertaV2:
      return kDebertaKeys;
    case Architecture::kAlbert:
      return kAlbertKeys;
    case Architecture::kMpNet:
      return kMpNetKeys;
    case Architecture::kModernBert:
      return kModernBertKeys;
  }
  return kBertKeys;
}

ConfigDefaults ConfigDefaultsOf(Architecture architecture) {
  switch (architecture) {
    case Architecture::kRoberta:
    case Architecture::kXlmRoberta:
      return {2, 1e-12f, 1};
    case Architecture::kMpNet:
      return {0, 1e-12f, 1};
    case Architecture::kDebertaV2:
      return {0, 1e-7f, 0};
    case Architecture::kModernBert:
      return {.type_vocab_size = 0,
              .layer_norm_eps = 1e-5f,
              .pad_token_id = 50283,
              .dropout = 0,
              .max_positions = 8192,
              .classifier_dropout = 0.0f};
    case Architecture::kDistilBert:
      return {.type_vocab_size = 0, .layer_norm_eps = 1e-12f, .pad_token_id = 0, .classifier_dropout = .2f};
    case Architecture::kAlbert:
      return {.type_vocab_size = 2,
              .layer_norm_eps = 1e-12f,
              .pad_token_id = 0,
              .activation = "gelu_new",
              .dropout = 0,
              .classifier_dropout = .1f};
    default:
      return {2, 1e-12f, 0};
  }
}

}  // namespace winnow
