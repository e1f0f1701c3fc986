/// The chart of `winnow compare --plot`.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "report/comparison.h"

namespace winnow {

/// Draws macro-F1 with its interval against the time per text, on a logarithmic axis: a named point per model, the best
/// one marked. Errors: kInvalidData if no model was evaluated; WriteChart's.
Result<void> PlotComparison(const Comparison& comparison, const std::filesystem::path& file);

}  // namespace winnow
