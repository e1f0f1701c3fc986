/// A smaller base model made of some layers of a larger one, as DistilBERT was initialized (Sanh et al. 2019).
#pragma once

#include "base/result.h"
#include "encoder/model.h"

namespace winnow {

/// Returns a model with `num_layers` of the layers, evenly spaced and including the first and the last (for one layer:
/// the first); all other weights are copied. Errors: kInvalidArgument unless 1 <= num_layers <= the model's.
Result<Model> TruncateLayers(const Model& model, int num_layers);

}  // namespace winnow
