/// A small encoder for training without a base model.
#pragma once

#include "bundle/model_config.h"

namespace winnow {

/// Returns a configuration of two layers of 128 in BERT's form: about a million weights besides the vocabulary, trained
/// in seconds on some thousand texts.
ModelConfig ScratchConfig(int vocab_size, int max_length);

}  // namespace winnow
