/// The classification head: a dense layer, its activation function and the classifier, over each text's first token as
/// the last layer gives it. It is the same over the tokens' way through all layers (encoder/forward.h, backward.h) and
/// over features that were computed once (encoder/head_pass.h).
#pragma once

#include <array>
#include <cstddef>

#include "encoder/forward.h"
#include "encoder/gradients.h"
#include "encoder/model.h"
#include "encoder/weight_gradients.h"

namespace winnow {

/// Matrices of a batch, with one row per text.
struct HeadPlaces {
  const float* features;  ///< [texts, h] of the last layer
  float* input;           ///< [texts, h] the features after their dropout; null where the architecture has none
  float* pooled_input;    ///< [texts, h] before the activation function
  float* pooled;          ///< [texts, h]
  float* pooled_normal;   ///< [texts, h] ModernBERT's, before gamma; null where the head has no normalisation
  float* pooled_rstd;     ///< [texts]
  float* logits;          ///< [texts, labels]

  const float* dense_input() const { return input != nullptr ? input : features; }
};

/// Gradients of these.
struct HeadGradPlaces {
  const float* logits;
  float* pooled;
  float* again;     ///< [texts, h] scratch
  float* features;  ///< null: not wanted, as below the head all is frozen
};

/// Computes `at.logits` of texts first_text ... last_text - 1, on the calling thread.
void HeadForward(const Model& model, size_t first_text, size_t last_text, const StepDropout& dropout,
                 const MatMulOptions& products, const HeadPlaces& at);

/// Takes the same texts back: fills `grads`, and adds the biases' gradients to the thread's sums.
void HeadBackward(const Model& model, size_t first_text, size_t last_text, int thread, const StepDropout& dropout,
                  const MatMulOptions& products, const HeadPlaces& at, const HeadGradPlaces& grads,
                  Gradients& gradients);

/// The gradients of the head's two products of the whole batch, once all its texts were taken back.
std::array<WeightGradient, 2> HeadWeightGradients(const Model& model, size_t texts, const HeadPlaces& at,
                                                  const HeadGradPlaces& grads, Gradients& gradients);

}  // namespace winnow
