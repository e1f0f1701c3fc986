/// Names of files and models of a workspace, as requests have them.
#pragma once

#include <filesystem>
#include <string>

#include "server/api_error.h"

namespace winnow {

/// Returns the path of a file or directory that a request names. A name may have directories, but leads nowhere out of
/// `directory`, also not by a symbolic link. Errors, which call it a `what`: 404; 422 for what is no name.
ApiResult<std::filesystem::path> FindInWorkspace(const std::filesystem::path& directory, const std::string& name,
                                                 const char* what);

}  // namespace winnow
