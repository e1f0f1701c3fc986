/// Reconstruction of the logits behind a text's scores, for "raw_scores" of Text Embeddings Inference.
#pragma once

#include <span>
#include <vector>

#include "decide/calibration.h"

namespace winnow {

/// Returns [labels] logits from which the calibration would make the given probabilities. Predictions contain
/// probabilities only, so the model's logits can be reconstructed to this extent:
///
///   multi-label           the model's logits, unless the calibration is isotonic
///   single-label          if the calibration is a temperature, the model's logits up to a constant, which does not
///                         affect the probabilities; the result has the mean 0
///   otherwise             calibrated logits, whose softmax or sigmoid gives the probabilities
///
/// The result is finite: probabilities of 0 and 1 count as the nearest values that a float can represent.
std::vector<float> RawScores(const Calibration& calibration, std::span<const float> probabilities, bool multi_label);

}  // namespace winnow
