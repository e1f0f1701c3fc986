/// A smaller base model made of some layers of a larger one, as DistilBERT was initialized (Sanh et al. 2019).
#pragma once

#include "base/result.h"
#include "encoder/model.h"

namespace winnow {

/// Returns a model with `num_layers` of the layers, evenly spaced and including the first and the last (for one layer:
/// the first); all other weights are copied. Of a ModernBERT's layers those nearest to even spacing are taken of which
/// the global ones follow an interval (GlobalLayerInterval), since only then all programs read the model alike; the
/// last layer is among them if possible. If there are none, its evenly spaced layers are taken. Errors:
/// kInvalidArgument unless 1 <= num_layers <= the model's.
Result<Model> TruncateLayers(const Model& model, int num_layers);

}  // namespace winnow
