/// Copies of directories that other processes may change meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A file of a copy.
struct CopiedFile {
  std::string name;  ///< path relative to the copy, with '/'
  uint64_t bytes = 0;
  std::string sha256;
};

/// Copies the files of `from` to the new directory `to`, and makes their contents durable; SyncTree makes their names,
/// permissions and times so. They keep their permissions and times. SQLite databases are copied as of one moment
/// (store/sqlite_backup.h); a directory that is replaced while it is copied, as bundles are, is copied anew, so that
/// its files belong together. Left out: names that begin with a dot, which are temporary files and locks (but for
/// former versions and the trash of data files); the logs of SQLite; devices and pipes; symbolic links, with a warning;
/// and, with `only`, files whose names relative to `from` are not in it. `keep_going` is polled between files;
/// returning false ends the copy with an error. Errors: kNotFound, kIo, kInvalidData for a damaged database.
Result<std::vector<CopiedFile>> CopyTree(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const std::function<bool()>& keep_going,
                                         const std::set<std::string>* only = nullptr);

/// Copies one file as CopyTree does, to the path `to`.
Result<CopiedFile> CopyOneFile(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace winnow
