/// The classification head: a dense layer, its activation function and the classifier, applied to the last layer's
/// output at each text's first token. It is used both after all layers (encoder/forward.h, backward.h) and on features
/// that were computed once (encoder/head_pass.h).
#pragma once

#include <array>
#include <cstddef>

#include "encoder/forward.h"
#include "encoder/gradients.h"
#include "encoder/model.h"
#include "encoder/weight_gradients.h"
#include "kernels/layer_norm.h"

namespace winnow {

/// Matrices of a batch, with one row per text.
struct HeadPlaces {
  const float* features;  ///< [texts, h] output of the last layer, of the first token or the mean of all
  float* input;           ///< [texts, h] features after their dropout; null if the architecture has no such dropout
  float* pooled_input;    ///< [texts, h] output of the dense layer before the activation function
  float* pooled;          ///< [texts, h] output of the activation function, normalized in ModernBERT
  NormalizedRows pooled_norm;  ///< [texts, h] normalization of `pooled`; empty if the head has none
  float* logits;               ///< [texts, labels]

  const float* dense_input() const { return input != nullptr ? input : features; }
};

/// Returns the head's matrices in the memory of a pass through all layers.
inline HeadPlaces HeadPlacesOf(const Activations& activations) {
  return {.features = activations.features,
          .input = activations.head_input,
          .pooled_input = activations.pooled_input,
          .pooled = activations.pooled,
          .pooled_norm = activations.pooled_norm,
          .logits = activations.logits};
}

/// Gradients of the matrices in HeadPlaces.
struct HeadGradPlaces {
  const float* logits;
  float* pooled;
  float* again;     ///< [texts, h] scratch
  float* features;  ///< gradient of the features; null: not computed, if all weights below the head are frozen
};

/// Computes `at.logits` of texts first_text ... last_text - 1, on the calling thread.
void HeadForward(const Model& model, size_t first_text, size_t last_text, const StepDropout& dropout,
                 const MatMulOptions& products, const HeadPlaces& at);

/// Computes the gradients of these texts in `grads`, and adds those of the biases to the thread's sums.
void HeadBackward(const Model& model, size_t first_text, size_t last_text, int thread, const StepDropout& dropout,
                  const MatMulOptions& products, const HeadPlaces& at, const HeadGradPlaces& grads,
                  Gradients& gradients);

/// Returns the gradients of the head's two products for the whole batch, after HeadBackward of all its texts.
std::array<WeightGradient, 2> HeadWeightGradients(const Model& model, size_t texts, const HeadPlaces& at,
                                                  const HeadGradPlaces& grads, Gradients& gradients);

}  // namespace winnow
