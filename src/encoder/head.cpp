#include "encoder/head.h"

#include <algorithm>

#include "encoder/activation_functions.h"
#include "kernels/activation.h"
#include "kernels/dropout.h"
#include "kernels/layer_norm.h"

namespace winnow {

void HeadForward(const Model& model, size_t first_text, size_t last_text, const StepDropout& dropout,
                 const MatMulOptions& products, const HeadPlaces& at) {
  const ModelConfig& config = model.config();
  const Layout& layout = model.layout();
  const auto hidden = static_cast<size_t>(config.hidden_size);
  const size_t labels = config.labels.size();
  const size_t texts = last_text - first_text;
  const size_t first = first_text * hidden;
  if (at.input != nullptr) {
    std::copy_n(at.features + first, texts * hidden, at.input + first);
    ApplyDropout(dropout.At(config, StepDropout::kHeadInput), first_text, texts, hidden, at.input + first);
  }
  MatMulNT(texts, hidden, hidden, at.dense_input() + first, hidden, model.at(layout.head_dense), hidden, 0.0f,
           at.pooled_input + first, hidden, products);
  const float* dense_bias = HasHeadNorm(config) ? nullptr : model.at(layout.head_dense_bias);
  BiasActivation(HeadFunction(config), texts, hidden, at.pooled_input + first, dense_bias, at.pooled + first);
  if (!at.pooled_norm.empty()) {
    AddLayerNorm(texts, hidden, {.x = at.pooled + first}, {model.at(layout.head_gamma), nullptr, config.layer_norm_eps},
                 at.pooled + first, at.pooled_norm.From(first_text, hidden));
  }
  ApplyDropout(dropout.At(config, StepDropout::kHead), first_text, texts, hidden, at.pooled + first);
  float* logits = at.logits + first_text * labels;
  MatMulNT(texts, labels, hidden, at.pooled + first, hidden, model.at(layout.classifier), hidden, 0.0f, logits, labels,
           products);
  BiasActivation(Activation::kIdentity, texts, labels, logits, model.at(layout.classifier_bias), logits);
}

void HeadBackward(const Model& model, size_t first_text, size_t last_text, int thread, const StepDropout& dropout,
                  const MatMulOptions& products, const HeadPlaces& at, const HeadGradPlaces& grads,
                  Gradients& gradients) {
  const ModelConfig& config = model.config();
  const Layout& layout = model.layout();
  const auto hidden = static_cast<size_t>(config.hidden_size);
  const size_t labels = config.labels.size();
  const size_t texts = last_text - first_text;
  const size_t first = first_text * hidden;
  const float* of_logits = grads.logits + first_text * labels;
  float* pooled = grads.pooled + first;
  AddColumnSums(texts, labels, of_logits, gradients.vector_at(thread, layout.classifier_bias));
  MatMulNN(texts, hidden, labels, of_logits, labels, model.at(layout.classifier), hidden, 0.0f, pooled, hidden,
           products);
  ApplyDropout(dropout.At(config, StepDropout::kHead), first_text, texts, hidden, pooled);
  if (!at.pooled_norm.empty()) {
    AddLayerNormBackward(texts, hidden, pooled, at.pooled_norm.From(first_text, hidden), model.at(layout.head_gamma),
                         {gradients.vector_at(thread, layout.head_gamma)});
  }
  float* dense_bias = HasHeadNorm(config) ? nullptr : gradients.vector_at(thread, layout.head_dense_bias);
  BiasActivationBackward(HeadFunction(config), texts, hidden, at.pooled_input + first, pooled, grads.again + first,
                         dense_bias);
  if (grads.features == nullptr) return;
  MatMulNN(texts, hidden, hidden, pooled, hidden, model.at(layout.head_dense), hidden, 0.0f, grads.features + first,
           hidden, products);
  if (at.input != nullptr) {
    ApplyDropout(dropout.At(config, StepDropout::kHeadInput), first_text, texts, hidden, grads.features + first);
  }
}

std::array<WeightGradient, 2> HeadWeightGradients(const Model& model, size_t texts, const HeadPlaces& at,
                                                  const HeadGradPlaces& grads, Gradients& gradients) {
  const Layout& layout = model.layout();
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  const size_t labels = model.config().labels.size();
  return {{{texts, labels, hidden, grads.logits, at.pooled, gradients.at(layout.classifier)},
           {texts, hidden, hidden, grads.pooled, at.dense_input(), gradients.at(layout.head_dense)}}};
}

}  // namespace winnow
