/// A smaller model cut from a larger one, to be trained on: what DistilBERT began from (Sanh et al. 2019).
#pragma once

#include "base/result.h"
#include "encoder/model.h"

namespace winnow {

/// A model with `num_layers` of the layers, evenly spaced, the first and the last among them (of one: the first);
/// everything else is copied. Errors: kInvalidArgument unless 1 <= num_layers <= the model's.
Result<Model> TruncateLayers(const Model& model, int num_layers);

}  // namespace winnow
