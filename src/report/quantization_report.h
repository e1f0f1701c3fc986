/// Result of a quantization, as text for people and as JSON for machines.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "quantize/quantize.h"

namespace winnow {

/// Returns metrics, sizes and the parts in bf16; `target` is the bundle with the INT8 weights.
Json QuantizationJson(const QuantizeReport& report, const std::filesystem::path& target);

/// Returns metrics, sizes and the parts in bf16 in a few lines, each ended by \n.
std::string QuantizationText(const QuantizeReport& report);

}  // namespace winnow
