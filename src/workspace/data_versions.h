/// All that a workspace keeps of its data files: the files, their former versions, and both in the trash.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A file with contents that a data file has or had.
struct DataVersion {
  std::filesystem::path path;
  std::string name;  ///< name of the data file; its ending tells readers the format, which the path may lack
};

/// Returns all of a directory of DataFiles, and the files in directories below it, which jobs can read. Links are left
/// out, and so is what a killed process left of a file that it replaced (base/replace_file.h). Errors: kIo.
Result<std::vector<DataVersion>> AllDataVersions(const std::filesystem::path& directory);

/// Calls `use` with a path that leads to the version and has the name of the data file: where that is a link,
/// ReplaceFile replaces the version itself. Errors: those of `use`; kIo.
Result<void> UseByName(const DataVersion& version,
                       const std::function<Result<void>(const std::filesystem::path& path)>& use);

/// Returns the number of unfinished uploads and changes of a directory of DataFiles, and removes them unless `dry_run`:
/// where a text lies in pieces, nothing can be taken out of it. Errors: kIo.
Result<size_t> RemoveUnfinishedData(const std::filesystem::path& directory, bool dry_run);

}  // namespace winnow
