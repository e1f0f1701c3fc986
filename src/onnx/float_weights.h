/// Export of a transformer's float weights with the temperature of its calibration, for transformers and Text
/// Embeddings Inference, which read model.safetensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace winnow {

/// Writes `target`/model.safetensors: the tensors of `bundle`, with the classifier's weights and biases divided by the
/// temperatures, one per label; empty: as they are. Returns the size of the file. Errors: kNotFound, kIo,
/// kInvalidModel.
Result<uint64_t> WriteFloatWeights(const std::filesystem::path& bundle, const std::filesystem::path& target,
                                   std::span<const double> temperatures);

}  // namespace winnow
