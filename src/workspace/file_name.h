/// Names of files in a workspace, which requests send: never paths of their own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Checks the name of a new data file: letters and digits of any script, spaces, ".", "_" and "-", at most 100 bytes,
/// not beginning with a dot, and neither beginning nor ending with a space. Errors: kInvalidArgument.
Result<void> CheckDataFileName(std::string_view name);

/// Returns the path of a file or directory below `directory` that a request names. The name may have directories, but
/// leads nowhere else, also not by a symbolic link, and to nothing hidden (".name"). `what` is what messages call it.
/// Errors: kInvalidArgument for a name that is none; kNotFound.
Result<std::filesystem::path> FindInDirectory(const std::filesystem::path& directory, const std::string& name,
                                              std::string_view what);

}  // namespace winnow
