/// Which function follows which product.
#pragma once

#include "bundle/model_config.h"
#include "kernels/activation.h"

namespace winnow {

/// Between a layer's two big products.
inline Activation HiddenFunction(const ModelConfig& config) {
  switch (config.activation) {
    case HiddenActivation::kGelu:
      return Activation::kGelu;
    case HiddenActivation::kGeluTanh:
      return Activation::kGeluTanh;
    case HiddenActivation::kRelu:
      return Activation::kRelu;
  }
  return Activation::kGelu;
}

/// After the head's dense layer: BERT's pooler or DistilBERT's pre_classifier.
inline Activation HeadFunction(const ModelConfig& config) {
  return config.architecture == Architecture::kBert ? Activation::kTanh : Activation::kRelu;
}

}  // namespace winnow
