/// Former versions of a file: links to its contents, DIRECTORY/1, DIRECTORY/2...
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace winnow {

/// Returns the newest former version of `file` that is not the file itself, which a crash between keeping it and its
/// change may have left; nothing if there is none.
std::optional<std::filesystem::path> NewestFormer(const std::filesystem::path& directory,
                                                  const std::filesystem::path& file);

/// Keeps the present contents of `file`, called `name` in messages, as its newest former version. Of more than ten the
/// oldest goes. Errors: kIo.
Result<void> KeepFormer(const std::filesystem::path& directory, const std::filesystem::path& file,
                        const std::string& name);

}  // namespace winnow
