/// The memory of a forward pass, sized once for the largest batch so far and reused.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned_buffer.h"
#include "bundle/model_config.h"
#include "encoder/batch.h"
#include "encoder/relative_positions.h"

namespace winnow {

/// The intermediate results of one layer. T is the number of tokens; R the number of rows, which is T, but in the last
/// layer the number of texts, since the classification head reads only the first token of each text; h is the hidden
/// size, i the intermediate size. Pointers refer to the arena of Activations.
struct LayerActivations {
  float* input;  ///< [T, h] input of the layer
  /// [R, h] input of the query product: `input` itself, but in the last layer its gathered first tokens.
  float* query_input;
  float* query;  ///< [T, 3h] query with key and value beside it; in the last layer [R, h] query alone
  float* key;    ///< key, with the same rows as `value`
  float* value;
  size_t query_stride, key_stride;
  float* log_sum;          ///< [heads of text, queries of text] for each text
  float* context;          ///< [R, h] output of attention, before its product
  float* attended;         ///< [R, h] output of the first normalization
  float* attended_normal;  ///< [R, h] first normalization before gamma and beta
  float* attended_rstd;    ///< [R] reciprocal standard deviations of the first normalization
  float* up;               ///< [R, i] output of the first product, before the activation function
  float* output;           ///< [R, h] output of the layer
  float* output_normal;    ///< [R, h] second normalization before gamma and beta
  float* output_rstd;      ///< [R] reciprocal standard deviations of the second normalization
  float* product;          ///< [R, h] scratch: output of a product before its normalization
  float* activated;        ///< [R, i] scratch: output of the activation function
};

class Activations {
 public:
  enum class Keep {
    kNothing,  ///< nothing: every layer overwrites the results of the one before
    kOutputs,  ///< the outputs of layers; a backward pass recomputes the other results of a layer (Chen et al. 2016)
    kAll,      ///< all results that a backward pass needs
  };
  /// Allocates the memory for a batch, `texts`.
  void Prepare(const ModelConfig& config, const PackedTexts& texts, Keep keep);
  /// Returns the number of floats that Prepare takes for a batch of that size.
  static size_t Floats(const ModelConfig& config, size_t tokens, size_t texts, Keep keep);

  Keep kept = Keep::kNothing;
  std::vector<LayerActivations> layers;
  RelativePositions relative;         ///< relative positions, if the model has them; computed separately
  float* embedding_normal = nullptr;  ///< [T, h] normalization of the embeddings before gamma and beta
  float* embedding_rstd = nullptr;    ///< [T] reciprocal standard deviations of the embeddings
  float* head_input = nullptr;    ///< [texts, h] first tokens after their dropout; null if the head has no such dropout
  float* pooled_input = nullptr;  ///< [texts, h] output of the head's dense layer before its activation function
  float* pooled = nullptr;        ///< [texts, h] output of the head's activation function
  float* logits = nullptr;        ///< [texts, labels]

 private:
  /// Assigns the parts of an arena, or measures its size if `base` is null.
  size_t Carve(const ModelConfig& config, size_t tokens, size_t texts, Keep keep, float* base);

  FloatBuffer arena_;
};

}  // namespace winnow
