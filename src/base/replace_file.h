/// Replacement of the contents of a file that stays the file that it is: its owner, its mode, and links that lead to
/// it.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Replaces the contents of an existing file: writes "FILE.replaced" beside it with the owner and the mode of the file,
/// fsyncs, renames, and fsyncs the directory, so that a process that is killed leaves the old or the new contents. What
/// a killed process has left under that name is overwritten. A symbolic link stays, and the file that it points to is
/// replaced. Two processes must not replace one file at the same time. Errors: kNotFound, kIo.
Result<void> ReplaceFile(const std::filesystem::path& path, std::string_view contents);

/// Removes what a killed process has left beside the file.
void RemoveReplacement(const std::filesystem::path& path);

}  // namespace winnow
