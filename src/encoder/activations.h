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

namespace winnow {

/// The intermediate results of one layer. T tokens; R rows: T, but where ComputesFirstsOnly the first token of each text,
/// since the classification head reads no other; h hidden, i intermediate, e embedding size. Pointers into Activations' arena.
struct LayerActivations {
  float* input;         ///< [T, h]
  float* normed;        ///< [T, h] the input, normalised where IsPreNorm: what query, key and value are products of
  float* input_normal;  ///< [T, h] before gamma; null where the input is not normalised
  float* input_rstd;    ///< [T]
  float* query_input;   ///< [R, h]; `normed` itself, but in the last layer its gathered first tokens
  float* query;         ///< [T, 3h] with key and value beside it; in the last layer [R, h] by itself
  float* key;           ///< key, with the same rows as `value`
  float* value;
  size_t query_stride, key_stride;
  float* log_sum;          ///< [heads of text, queries of text] for each text
  float* context;          ///< [R, h] attention's output before its product
  float* middle;           ///< [R, h] where IsPreNorm: the input with attention's output added; else null
  float* attended;         ///< [R, h] after attention's normalisation (IsPreNorm: the perceptron's)
  float* attended_normal;  ///< [R, h] before gamma and beta
  float* attended_rstd;    ///< [R]
  float* up;               ///< [R, i] ([R, 2i] where it is gated) before the activation function
  float* output;           ///< [R, h]
  float* output_normal;    ///< [R, h]; where IsPreNorm, of the last layer alone
  float* output_rstd;      ///< [R]
  float* product;          ///< [R, h] scratch: a product's output before its normalisation
  float* activated;        ///< [R, i] scratch: the activation function's output
};

class Activations {
 public:
  enum class Keep {
    kNothing,  ///< every layer writes over the one before
    kOutputs,  ///< the outputs of layers; a backward pass recomputes what is inside a layer (Chen et al. 2016)
    kAll,      ///< everything that a backward pass needs
  };
  /// Makes room for `texts`.
  void Prepare(const ModelConfig& config, const PackedTexts& texts, Keep keep);
  /// Returns the number of floats that Prepare takes for a batch of that size.
  static size_t Floats(const ModelConfig& config, size_t tokens, size_t texts, Keep keep);

  Keep kept = Keep::kNothing;
  std::vector<LayerActivations> layers;
  RelativePositions relative;         ///< computed by itself, where the model has them
  PositionBias position_bias;         ///< alike
  RotaryPositions rotary;             ///< alike
  float* features = nullptr;          ///< [texts, h] what the head reads
  float* embeddings = nullptr;        ///< [T, e] before their projection; null where they need none
  float* embedding_normal = nullptr;  ///< [T, e]
  float* embedding_rstd = nullptr;    ///< [T]
  float* head_input = nullptr;        ///< [texts, h] first tokens after their dropout; null where there is none
  float* pooled_input = nullptr;      ///< [texts, h] head dense layer before its activation function
  float* pooled = nullptr;            ///< [texts, h]
  float* pooled_normal = nullptr;     ///< [texts, h] ModernBERT's head; null where it is not normalised
  float* pooled_rstd = nullptr;       ///< [texts]
  float* logits = nullptr;            ///< [texts, labels]

 private:
  class Carver;
  void CarveLayer(const ModelConfig& config, size_t l, size_t tokens, size_t rows, Keep keep, Carver& arena);
  /// Hands out an arena's places, or measures it where `base` is null.
  size_t Carve(const ModelConfig& config, size_t tokens, size_t texts, Keep keep, float* base);

  FloatBuffer arena_;
};

}  // namespace winnow
