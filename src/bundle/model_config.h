/// A model's shape and labels, in Hugging Face's config.json. What a fine-tuned model's config says beyond that is
/// kept.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class Architecture {
  kBert,
  kDistilBert,
  kRoberta,
  kXlmRoberta,
  kElectra,
  kDebertaV2,
  kAlbert,
  kMpNet,
  kModernBert
};
enum class HiddenActivation { kGelu, kGeluTanh, kRelu };

struct ModelConfig {
  Architecture architecture = Architecture::kBert;
  int vocab_size = 0;
  int hidden_size = 0;
  /// The width of word, position and segment embeddings, which a matrix then projects to hidden_size; 0: hidden_size,
  /// without a projection. ELECTRA's and ALBERT's.
  int embedding_size = 0;
  int num_layers = 0;
  int num_layer_groups = 0;  ///< ALBERT: neighbouring layers share their weights in so many groups; 0: no layers do
  int num_heads = 0;         ///< divides hidden_size
  int intermediate_size = 0;
  int max_positions = 512;
  int type_vocab_size = 2;         ///< 0: no token types, as DistilBERT
  bool absolute_positions = true;  ///< position embeddings are added to the words; DeBERTa-v3 has none
  /// DeBERTa's relative positions (He et al. 2020). Distances up to half the span count one by one, further ones in
  /// logarithmic buckets where `relative_buckets` is positive.
  int relative_span = 0;                ///< half the rows of its table; 0: no relative positions
  int relative_buckets = 0;             ///< the span, or 0
  int max_relative_distance = 0;        ///< the distance at which the buckets end
  int bias_buckets = 0;                 ///< MPNet: rows of the table of attention biases by distance; 0: none
  bool share_position_weights = false;  ///< positions are projected with the words' query and key weights
  /// ModernBERT (Warner et al. 2024, arXiv:2412.13663): positions are rotary, and in local layers a token attends only to
  /// tokens at most local_distance away.
  std::vector<bool> local_layers;  ///< by layer
  int local_distance = 0;
  float global_rope_theta = 160000, local_rope_theta = 10000;
  bool mean_pooling = false;  ///< the head reads the mean of all tokens instead of the first token
  float layer_norm_eps = 1e-12f;
  HiddenActivation activation = HiddenActivation::kGelu;
  float hidden_dropout = .1f;   ///< ModernBERT: between the two products of a layer's perceptron
  float embedding_dropout = 0;  ///< ModernBERT's; elsewhere hidden_dropout
  float attention_dropout = .1f;
  float classifier_dropout = .1f;                                ///< resolved: BERT's null means hidden_dropout
  float pooler_dropout = 0;                                      ///< DeBERTa's, before the head's dense layer
  HiddenActivation pooler_activation = HiddenActivation::kGelu;  ///< DeBERTa's and ModernBERT's, in the head
  float initializer_range = .02f;
  int pad_token_id = 0;
  /// Names by id; empty for a base model, which has no classification head yet.
  std::vector<std::string> labels;
  /// Each label is decided by itself (sigmoid) instead of one out of all (softmax). True for a single label, as in
  /// Hugging Face's pipeline.
  bool multi_label = false;
  /// The JSON that this was read from, or empty. WriteModelConfig starts from it, so that unknown fields survive.
  std::string source;
};

/// "bert", "distilbert", "deberta-v2": Hugging Face's model_type.
std::string_view ModelTypeOf(Architecture architecture);

/// The width of the embeddings, whether or not they are projected.
int EmbeddingSize(const ModelConfig& config);

/// The number of layers that have weights of their own, and which of them the layer `layer` uses, ascending.
int NumLayerGroups(const ModelConfig& config);
int GroupOfLayer(const ModelConfig& config, int layer);

/// ModernBERT's layers: they normalise their inputs, turn queries and keys by rotary positions, have a gated perceptron
/// and no biases. All others normalise their outputs.
bool IsPreNorm(const ModelConfig& config);
/// Whether in layer `layer` a token attends only to its neighbours.
bool IsLocalLayer(const ModelConfig& config, size_t layer);
/// Whether only the first token of each text is computed in layer `layer`, since the head reads no other.
bool ComputesFirstsOnly(const ModelConfig& config, size_t layer);

/// RoBERTa, XLM-RoBERTa and MPNet number the positions of a text from the one after this on, and give each token whose id is
/// this number (which tokenizers append as padding, but which may also stand in a text) the position of this number
/// instead of one of its own. -1: every token of a text has its own position, from 0 on.
int PositionPadding(const ModelConfig& config);
/// The position of a text's first token, unless it has the id PositionPadding(config).
int FirstPosition(const ModelConfig& config);
/// The longest text that a model takes.
int MaxTokens(const ModelConfig& config);

/// Reads config.json's text. Errors: kInvalidModel for bad or missing values; kUnsupported for another architecture,
/// activation or position embedding.
Result<ModelConfig> ParseModelConfig(std::string_view text, std::string_view where);

/// Reads `dir`/config.json. Errors: kNotFound, kIo, and ParseModelConfig's.
Result<ModelConfig> ReadModelConfig(const std::filesystem::path& dir);

/// Sizes are positive, bounded (2^20; layers 1024; vocabulary 2^24) and fit together; dropouts lie in [0, 1); labels
/// are distinct and not empty. Errors: kInvalidModel.
Result<void> ValidateModelConfig(const ModelConfig& config, std::string_view where);

/// The text of a config.json for BertForSequenceClassification and its like (BertModel where there are no labels).
Result<std::string> FormatModelConfig(const ModelConfig& config);

/// Writes it to `dir`/config.json, atomically. Errors: kInvalidModel, kIo.
Result<void> WriteModelConfig(const std::filesystem::path& dir, const ModelConfig& config);

}  // namespace winnow
