/// The memory of a forward pass, sized once for the largest batch so far and reused.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned_buffer.h"
#include "bundle/model_config.h"
#include "encoder/batch.h"
#include "encoder/position_bias.h"
#include "encoder/relative_positions.h"
#include "encoder/rotary.h"
#include "kernels/layer_norm.h"

namespace winnow {

/// The intermediate results of one layer. T is the number of tokens; R the number of rows, which is T, but the number
/// of texts if ComputesFirstsOnly, since the classification head reads only the first token of each text; h is the
/// hidden size, i the intermediate size, e the embedding size. Pointers refer to the arena of Activations.
struct LayerActivations {
  float* input;  ///< [T, h] input of the layer
  /// [T, h] input of the query, key and value products: `input`, normalized if IsPreNorm (except in the first layer).
  float* normed;
  NormalizedRows input_norm;  ///< [T, h] normalization of the input; empty unless IsPreNorm
  /// [R, h] input of the query product: `normed` itself, but its gathered first tokens if ComputesFirstsOnly.
  float* query_input;
  float* query;  ///< [T, 3h] query with key and value beside it; [R, h] query alone if ComputesFirstsOnly
  float* key;    ///< key, with the same rows as `value`
  float* value;
  size_t query_stride, key_stride;
  float* log_sum;                ///< [heads of text, queries of text] for each text
  float* context;                ///< [R, h] output of attention, before its product
  float* middle;                 ///< [R, h] sum of input and attention's product if IsPreNorm; otherwise null
  float* attended;               ///< [R, h] output of the normalization after attention
  NormalizedRows attended_norm;  ///< [R, h] normalization after attention
  float* up;                     ///< [R, i] first product, before the activation function; [R, 2i] if gated
  float* output;                 ///< [R, h] output of the layer
  NormalizedRows output_norm;    ///< [R, h] normalization of the output; if IsPreNorm, of the last layer alone
  float* product;                ///< [R, h] scratch: output of a product before its normalization
  float* activated;              ///< [R, i] scratch: output of the activation function
};

/// The results of all layers, and the scratch memory of their computation. Not thread-safe, except that the threads of
/// a pass write to the rows of different texts.
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
  RelativePositions relative;     ///< relative positions, if the model has them; computed separately
  PositionBias position_bias;     ///< MPNet's attention biases; computed separately
  RotaryPositions rotary;         ///< ModernBERT's rotary positions; computed separately
  float* features = nullptr;      ///< [texts, h] input of the head
  float* embeddings = nullptr;    ///< [T, e] embeddings before their projection; null if they have none
  NormalizedRows embedding_norm;  ///< [T, e] normalization of the embeddings
  float* head_input = nullptr;    ///< [texts, h] first tokens after their dropout; null if the head has no such dropout
  float* pooled_input = nullptr;  ///< [texts, h] output of the head's dense layer before its activation function
  float* pooled = nullptr;        ///< [texts, h] output of the head's activation function, normalized in ModernBERT
  NormalizedRows pooled_norm;     ///< [texts, h] normalization in the head; empty if there is none
  float* logits = nullptr;        ///< [texts, labels]

 private:
  class Carver;
  /// Assigns the parts of layer `l`, but its output and scratch.
  void CarveLayer(const ModelConfig& config, size_t l, size_t tokens, size_t rows, Keep keep, Carver& arena);
  /// Assigns the parts of an arena, or measures its size if `base` is null.
  size_t Carve(const ModelConfig& config, size_t tokens, size_t texts, Keep keep, float* base);

  FloatBuffer arena_;
};

}  // namespace winnow
