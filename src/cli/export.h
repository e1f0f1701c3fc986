/// `winnow export`, as other commands use it.
#pragma once

#include "onnx/export_bundle.h"

namespace winnow {

/// Exports with a progress bar for each format, and warns on the log. Errors: ExportBundle's.
Result<std::vector<ExportedFile>> ExportWithProgress(ExportPlan plan);

}  // namespace winnow
