#include "bundle/weight_names.h"

namespace winnow {
namespace {

constexpr WeightNames kBert{.prefix = "bert.",
                            .layer = "encoder.layer.",
                            .query = "attention.self.query",
                            .key = "attention.self.key",
                            .value = "attention.self.value",
                            .out = "attention.output.dense",
                            .attention_norm = "attention.output.LayerNorm",
                            .up = "intermediate.dense",
                            .down = "output.dense",
                            .output_norm = "output.LayerNorm",
                            .position_query = {},
                            .position_key = {},
                            .project = {},
                            .head_dense = "bert.pooler.dense",
                            .classifier = "classifier"};

constexpr WeightNames kDistilBert{.prefix = "distilbert.",
                                  .layer = "transformer.layer.",
                                  .query = "attention.q_lin",
                                  .key = "attention.k_lin",
                                  .value = "attention.v_lin",
                                  .out = "attention.out_lin",
                                  .attention_norm = "sa_layer_norm",
                                  .up = "ffn.lin1",
                                  .down = "ffn.lin2",
                                  .output_norm = "output_layer_norm",
                                  .position_query = {},
                                  .position_key = {},
                                  .project = {},
                                  .head_dense = "pre_classifier",
                                  .classifier = "classifier"};

/// BERT's layers under another prefix, with a head of two layers.
constexpr WeightNames WithOwnHead(std::string_view prefix) {
  WeightNames names = kBert;
  names.prefix = prefix;
  names.head_dense = "classifier.dense";
  names.classifier = "classifier.out_proj";
  return names;
}

constexpr WeightNames kRoberta = WithOwnHead("roberta.");
constexpr WeightNames MpNetNames() {
  WeightNames names = WithOwnHead("mpnet.");
  names.query = "attention.attn.q";
  names.key = "attention.attn.k";
  names.value = "attention.attn.v";
  names.out = "attention.attn.o";
  names.attention_norm = "attention.LayerNorm";
  return names;
}
constexpr WeightNames kMpNet = MpNetNames();

constexpr WeightNames ElectraNames() {
  WeightNames names = WithOwnHead("electra.");
  names.project = "electra.embeddings_project";
  return names;
}
constexpr WeightNames kElectra = ElectraNames();

/// ModernBERT has query, key and value in one matrix, and the perceptron's two halves in another.
constexpr WeightNames kModernBert{.prefix = "model.",
                                  .layer = "layers.",
                                  .query = "attn.Wqkv",
                                  .key = {},
                                  .value = {},
                                  .out = "attn.Wo",
                                  .attention_norm = "attn_norm",
                                  .up = "mlp.Wi",
                                  .down = "mlp.Wo",
                                  .output_norm = "mlp_norm",
                                  .position_query = {},
                                  .position_key = {},
                                  .project = {},
                                  .words = "embeddings.tok_embeddings.weight",
                                  .embedding_norm = "embeddings.norm",
                                  .head_dense = "head.dense",
                                  .classifier = "classifier"};

/// ALBERT has groups of layers in place of layers, here with one layer per group.
constexpr WeightNames kAlbert{.prefix = "albert.",
                              .layer = "encoder.albert_layer_groups.",
                              .query = "albert_layers.0.attention.query",
                              .key = "albert_layers.0.attention.key",
                              .value = "albert_layers.0.attention.value",
                              .out = "albert_layers.0.attention.dense",
                              .attention_norm = "albert_layers.0.attention.LayerNorm",
                              .up = "albert_layers.0.ffn",
                              .down = "albert_layers.0.ffn_output",
                              .output_norm = "albert_layers.0.full_layer_layer_norm",
                              .position_query = {},
                              .position_key = {},
                              .project = "albert.encoder.embedding_hidden_mapping_in",
                              .head_dense = "albert.pooler",
                              .classifier = "classifier"};

constexpr WeightNames DebertaNames() {
  WeightNames names = kBert;
  names.prefix = "deberta.";
  names.query = "attention.self.query_proj";
  names.key = "attention.self.key_proj";
  names.value = "attention.self.value_proj";
  names.position_query = "attention.self.pos_query_proj";
  names.position_key = "attention.self.pos_key_proj";
  names.head_dense = "pooler.dense";
  return names;
}
constexpr WeightNames kDeberta = DebertaNames();

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  if (const size_t at = text.rfind(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace

const WeightNames& WeightNamesOf(Architecture architecture) {
  switch (architecture) {
    case Architecture::kBert:
      return kBert;
    case Architecture::kDistilBert:
      return kDistilBert;
    case Architecture::kRoberta:
    case Architecture::kXlmRoberta:
      return kRoberta;
    case Architecture::kElectra:
      return kElectra;
    case Architecture::kDebertaV2:
      return kDeberta;
    case Architecture::kAlbert:
      return kAlbert;
    case Architecture::kMpNet:
      return kMpNet;
    case Architecture::kModernBert:
      return kModernBert;
  }
  return kBert;
}

std::vector<std::string> NamesInFiles(Architecture architecture, const std::string& name) {
  const std::string_view prefix = WeightNamesOf(architecture).prefix;
  std::vector<std::string> names = {name};
  if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  if (name.find("LayerNorm.") == std::string::npos) return names;
  for (size_t i = 0, count = names.size(); i < count; ++i) {  // TensorFlow's names, in early conversions
    names.push_back(
        Replaced(Replaced(names[i], "LayerNorm.weight", "LayerNorm.gamma"), "LayerNorm.bias", "LayerNorm.beta"));
  }
  return names;
}

}  // namespace winnow
