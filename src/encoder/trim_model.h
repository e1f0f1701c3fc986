/// A model for the tokens and the text lengths that are in use: fewer rows of embeddings.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "encoder/model.h"

namespace winnow {

/// Returns the model with the embeddings of the tokens `kept` (ascending ids), which get the ids from 0 in their order,
/// and with positions for texts of at most `max_length` tokens; all other weights are copied. Models without a table of
/// positions keep theirs. Errors: kInvalidArgument if `kept` lacks the padding token or has an id that the model lacks;
/// kUnsupported if positions depend on an id that changes (PositionPadding).
Result<Model> TrimModel(const Model& model, std::span<const int32_t> kept, int max_length);

}  // namespace winnow
