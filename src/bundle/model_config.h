/// A model's shape and labels, in Hugging Face's config.json. Other fields of a fine-tuned model's config.json are
/// kept.
#pragma once

#include <filesystem>
#include <optional>
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
  int num_layer_groups = 0;  ///< number of groups of layers that share their weights (ALBERT); 0: no layers share them
  int num_heads = 0;         ///< number of attention heads; a divisor of hidden_size
  int intermediate_size = 0;
  int max_positions = 512;
  int type_vocab_size = 2;  ///< number of token types; 0: the model has none, like DistilBERT
  /// True if position embeddings are added to the word embeddings; false for DeBERTa-v3 and ModernBERT.
  bool absolute_positions = true;
  /// DeBERTa's relative positions (He et al. 2020). Distances up to half the span have one position each; larger ones
  /// share logarithmic buckets if `relative_buckets` is positive.
  int relative_span = 0;     ///< half the number of rows of the table of relative positions; 0: no relative positions
  int relative_buckets = 0;  ///< equal to relative_span if buckets are used, otherwise 0
  int max_relative_distance = 0;  ///< the distance at which the buckets end
  /// True if relative positions are projected with the query and key weights of the words.
  bool share_position_weights = false;
  int bias_buckets = 0;  ///< number of rows of MPNet's table of attention biases by distance; 0: the model has none
  /// ModernBERT (Warner et al. 2024, arXiv:2412.13663): True for each layer whose tokens attend only to tokens at most
  /// local_distance away. Empty for other architectures.
  std::vector<bool> local_layers;
  int local_distance = 0;
  float global_rope_theta = 160000, local_rope_theta = 10000;  ///< bases of the rotary positions of its layers
  bool mean_pooling = false;  ///< true if the head reads the mean of all tokens instead of the first token
  float layer_norm_eps = 1e-12f;
  HiddenActivation activation = HiddenActivation::kGelu;
  float hidden_dropout = .1f;   ///< ModernBERT: between the two products of a layer's perceptron
  float embedding_dropout = 0;  ///< ModernBERT's; elsewhere hidden_dropout
  float attention_dropout = .1f;
  float classifier_dropout = .1f;  ///< dropout before the classifier; BERT's null has been replaced by hidden_dropout
  float pooler_dropout = 0;        ///< DeBERTa's dropout before the head's dense layer
  /// DeBERTa's and ModernBERT's activation between the head's two products.
  HiddenActivation pooler_activation = HiddenActivation::kGelu;
  float initializer_range = .02f;
  int pad_token_id = 0;
  /// Names of the labels by id; empty for a base model, which has no classification head yet.
  std::vector<std::string> labels;
  /// True if each label is decided separately (sigmoid) instead of one label among all (softmax). Also true for a model
  /// with a single label, as in Hugging Face's pipeline.
  bool multi_label = false;
  /// The JSON that this configuration was read from, or empty. WriteModelConfig starts from it, so that unknown fields
  /// survive.
  std::string source;
};

/// Returns Hugging Face's model_type: "bert", "distilbert", "deberta-v2".
std::string_view ModelTypeOf(Architecture architecture);

/// Returns the width of the embeddings, whether or not they are projected.
int EmbeddingSize(const ModelConfig& config);

/// Returns the number of layers that have their own weights.
int NumLayerGroups(const ModelConfig& config);
/// Returns which of the NumLayerGroups(config) the layer `layer` uses; ascending with the layers.
int GroupOfLayer(const ModelConfig& config, int layer);

/// Returns true for ModernBERT, whose layers normalize their inputs, rotate queries and keys by their positions, have a
/// gated perceptron and no biases. The layers of all other architectures normalize their outputs.
bool IsPreNorm(const ModelConfig& config);
/// Returns true if a token attends only to its neighbours in layer `layer`.
bool IsLocalLayer(const ModelConfig& config, size_t layer);
/// Returns true if layer `layer` is local where the first layer and every `interval`-th after it are global
/// ('global_attn_every_n_layers' in config.json).
bool IsLocalAtInterval(size_t layer, int64_t interval);
/// Returns true if the global layers of `local_layers` (ModelConfig::local_layers) are those of `interval` >= 1.
bool FollowsInterval(const std::vector<bool>& local_layers, int64_t interval);
/// Returns the smallest interval that `local_layers` follow; nothing if there is none.
std::optional<int> GlobalLayerInterval(const std::vector<bool>& local_layers);
/// Returns true if only the first token of each text is computed in layer `layer`, since the head reads no other.
bool ComputesFirstsOnly(const ModelConfig& config, size_t layer);

/// Returns the activation between the two products of the head; nothing: tanh.
std::optional<HiddenActivation> HeadActivationOf(const ModelConfig& config);

/// Returns the id of the tokens that have no position of their own, or -1 if all have one. RoBERTa, XLM-RoBERTa and
/// MPNet count only tokens with other ids, from the position after this number; a token with this id, which tokenizers
/// append as padding but which may also occur within a text, has the position of this number.
int PositionPadding(const ModelConfig& config);
/// Returns the position of a text's first token, unless the token has the id PositionPadding(config).
int FirstPosition(const ModelConfig& config);
/// Returns the largest number of tokens of a text that the model can read.
int MaxTokens(const ModelConfig& config);

/// Reads config.json's text. Errors: kInvalidModel for bad or missing values; kUnsupported for another architecture,
/// activation or position embedding.
Result<ModelConfig> ParseModelConfig(std::string_view text, std::string_view where);

/// Reads `dir`/config.json. Errors: kNotFound, kIo, and ParseModelConfig's.
Result<ModelConfig> ReadModelConfig(const std::filesystem::path& dir);

/// Checks that sizes are positive, bounded (2^20; layers 1024; vocabulary 2^24) and consistent, that dropouts are in
/// [0, 1), and that labels are distinct and not empty. Errors: kInvalidModel.
Result<void> ValidateModelConfig(const ModelConfig& config, std::string_view where);

/// Returns the text of a config.json for BertForSequenceClassification or its counterpart in the architecture; for
/// BertModel or its counterpart if there are no labels.
Result<std::string> FormatModelConfig(const ModelConfig& config);

/// Writes the configuration to `dir`/config.json, atomically. Errors: kInvalidModel, kIo.
Result<void> WriteModelConfig(const std::filesystem::path& dir, const ModelConfig& config);

}  // namespace winnow
