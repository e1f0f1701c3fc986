/// The format of a workspace: which directories it has, and what is in them.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace winnow {

/// Creates the directory if it is missing, and WORKSPACE/workspace.json, which states the format and the version of
/// Winnow that created it. A workspace without that file has the first format. Errors: kUnsupported for a newer format;
/// kInvalidData; kIo.
Result<void> OpenWorkspaceFormat(const std::filesystem::path& workspace);

}  // namespace winnow
