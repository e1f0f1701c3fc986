/// The logits behind a text's scores, as "raw_scores" of Text Embeddings Inference asks for them.
#pragma once

#include <span>
#include <vector>

#include "decide/calibration.h"

namespace winnow {

/// What the calibration made of logits, undone: [labels]. Answers hold probabilities alone, of texts that were computed
/// with others, so this is as far back as they lead:
///
///   multi-label           the model's logits, but for an isotonic calibration
///   one label of several  the same up to a constant, which probabilities do not tell and no softmax sees; ours have
///                         the mean 0. Only a temperature can be undone so
///   else                  logits as calibrated: their softmax, or sigmoid, is the scores
///
/// Finite: probabilities of 0 and 1 count as the nearest that a float can hold.
std::vector<float> RawScores(const Calibration& calibration, std::span<const float> probabilities, bool multi_label);

}  // namespace winnow
