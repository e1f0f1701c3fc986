/// A model's shape and labels, in Hugging Face's config.json. Other fields of a fine-tuned model's config.json are
/// kept.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class Architecture { kBert, kDistilBert, kRoberta, kXlmRoberta, kElectra, kDebertaV2 };
enum class HiddenActivation { kGelu, kGeluTanh, kRelu };

struct ModelConfig {
  Architecture architecture = Architecture::kBert;
  int vocab_size = 0;
  int hidden_size = 0;
  int num_layers = 0;
  int num_heads = 0;  ///< number of attention heads; a divisor of hidden_size
  int intermediate_size = 0;
  int max_positions = 512;
  int type_vocab_size = 2;  ///< number of token types; 0: the model has none, like DistilBERT
  /// True if position embeddings are added to the word embeddings; false for DeBERTa-v3.
  bool absolute_positions = true;
  /// DeBERTa's relative positions (He et al. 2020). Distances up to half the span have one position each; larger ones
  /// share logarithmic buckets if `relative_buckets` is positive.
  int relative_span = 0;     ///< half the number of rows of the table of relative positions; 0: no relative positions
  int relative_buckets = 0;  ///< equal to relative_span if buckets are used, otherwise 0
  int max_relative_distance = 0;  ///< the distance at which the buckets end
  /// True if relative positions are projected with the query and key weights of the words.
  bool share_position_weights = false;
  float layer_norm_eps = 1e-12f;
  HiddenActivation activation = HiddenActivation::kGelu;
  float hidden_dropout = .1f;
  float attention_dropout = .1f;
  float classifier_dropout = .1f;  ///< dropout before the classifier; BERT's null has been replaced by hidden_dropout
  float pooler_dropout = 0;        ///< DeBERTa's dropout before the head's dense layer
  /// DeBERTa's activation between the head's two products.
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

/// Returns the position of a text's first token: for RoBERTa and XLM-RoBERTa the position after that of padding, else
/// 0.
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
