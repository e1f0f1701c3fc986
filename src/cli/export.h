/// `winnow export`, for use by other commands.
#pragma once

#include "onnx/export_bundle.h"

namespace winnow {

/// Exports with a progress bar for each format, and logs warnings. Errors: ExportBundle's.
Result<std::vector<ExportedFile>> ExportWithProgress(ExportPlan plan);

}  // namespace winnow
