/// The activation functions that follow the matrix products of a model.
#pragma once

#include <optional>

#include "bundle/model_config.h"
#include "kernels/activation.h"

namespace winnow {

inline Activation FunctionOf(HiddenActivation activation) {
  switch (activation) {
    case HiddenActivation::kGelu:
      return Activation::kGelu;
    case HiddenActivation::kGeluTanh:
      return Activation::kGeluTanh;
    case HiddenActivation::kRelu:
      return Activation::kRelu;
  }
  return Activation::kGelu;
}

/// Returns the function between the two large products of a layer.
inline Activation HiddenFunction(const ModelConfig& config) { return FunctionOf(config.activation); }

/// Returns the function between the two products of the head.
inline Activation HeadFunction(const ModelConfig& config) {
  const std::optional<HiddenActivation> activation = HeadActivationOf(config);
  return activation ? FunctionOf(*activation) : Activation::kTanh;
}

/// Returns true if there is dropout before the head's first product, which BERT, ALBERT, DistilBERT and ModernBERT do
/// not have.
inline bool HasHeadInputDropout(const ModelConfig& config) {
  return config.architecture != Architecture::kBert && config.architecture != Architecture::kAlbert &&
         config.architecture != Architecture::kDistilBert && config.architecture != Architecture::kModernBert;
}

/// Whether the head normalizes what its activation function gives.
inline bool HasHeadNorm(const ModelConfig& config) { return config.architecture == Architecture::kModernBert; }

}  // namespace winnow
