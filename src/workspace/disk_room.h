/// How much of the disk the files of a workspace may take.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Returns the size of all regular files below a directory; links to one file count once.
uint64_t BytesBelow(const std::filesystem::path& directory);

/// Makes room for `bytes` more in a directory of data files (workspace/data_files.h), which may have `most` in all: by
/// removing what has been deleted, and then former versions, the oldest first. Leaves some of the disk free. Returns
/// why there is no room, or an empty text. Errors: kIo.
Result<std::string> RoomFor(const std::filesystem::path& directory, uint64_t bytes, uint64_t most);

}  // namespace winnow
