/// The memory that a training run takes, so that one that does not fit is refused before it begins.
#pragma once

#include <cstddef>

#include "bundle/model_config.h"
#include "train/text_set.h"
#include "train/trainer_options.h"

namespace winnow {

/// Returns an upper bound of the bytes that TrainModel takes besides the model. `validation_texts` matters if features
/// are cached.
size_t TrainingBytes(const ModelConfig& config, const TrainerOptions& options, const TextSet& train, int threads,
                     size_t validation_texts = 0);

}  // namespace winnow
