/// Reading, mapping and atomic writing of whole files: a reader sees either the old or the new contents.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace winnow {

/// Returns true if there is something at `path`; false also if that cannot be seen, as in a directory that this user
/// may not enter. Unlike std::filesystem::exists, it throws nothing.
inline bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// Returns the contents of the whole file. Errors: kNotFound, kIo.
Result<std::string> ReadFile(const std::filesystem::path& path);

/// Writes to a temporary name beside `path`, fsyncs, renames over it and fsyncs the directory. On an error (a full
/// disk) the temporary file is removed and `path` is as it was. Temporary files that killed writers left are neither
/// used nor removed. Errors: kIo, kNotFound when the directory is missing.
Result<void> WriteFileAtomically(const std::filesystem::path& path, std::string_view contents);

/// Writes a file atomically, as above, for contents produced piece by piece: `write` is called once with a sink that
/// appends.
using FileSink = std::function<Result<void>(std::span<const std::byte>)>;
Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 const std::function<Result<void>(const FileSink&)>& write);

/// Makes the names in `directory` durable: which of its files exist after a rename. An empty path is the working
/// directory. Some file systems cannot do so, which is no error.
void SyncDirectory(const std::filesystem::path& directory);

/// Makes the directory `root` and all files and directories below it durable. Symbolic links are not followed. Errors:
/// kIo, kNotFound.
Result<void> SyncTree(const std::filesystem::path& root);

/// Appends `line` and a line end to `path` and fsyncs; a missing file is created. Writers of several processes take
/// turns (flock). An incomplete line that a killed writer left is ended first, so that every appended line is complete
/// and on its own. If the line cannot be written (a full disk), the file stays as it was. Unlike a rewrite of the file,
/// the cost does not grow with the length of the file, and no line that another process appends meanwhile is lost.
/// `line` must not contain a line end. Errors: kIo, kNotFound when the directory is missing.
Result<void> AppendLine(const std::filesystem::path& path, std::string_view line);

/// A file that contains secrets or grants rights.
struct SecretFile {
  std::string contents;
  bool others_read = false;  ///< true if every user of this machine can read the file
};

/// Reads a file of secrets. A file that other users than its owner can write is not trusted and is an error. That
/// its group can read it is accepted, since services read files owned by root that way. Errors: kNotFound; kIo, also
/// for a path that is not a regular file or is writable by its group or others; kInvalidData if it exceeds `max_bytes`.
Result<SecretFile> ReadSecretFile(const std::filesystem::path& path, size_t max_bytes);

/// Replaces the contents of a file of secrets, as WriteFileAtomically does, with what `change` returns for the current
/// contents (nothing: the file does not exist yet). A new file is readable by its owner alone (mode 0600). For an
/// existing file, the owner, the group and the group's permission to read are kept as far as the system allows. A
/// symbolic link stays, and the file that it points to is replaced. Writers of several processes take turns (flock on
/// the directory), so that none undoes another's change. Errors: those of ReadSecretFile, WriteFileAtomically and
/// `change`.
Result<void> UpdateSecretFile(
    const std::filesystem::path& path, size_t max_bytes,
    const std::function<Result<std::string>(const std::optional<std::string>& contents)>& change);

/// A file mapped read-only for its lifetime. Movable, not copyable. The file must not be truncated meanwhile; Winnow's
/// own writers replace files by rename, which leaves a mapping whole.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// Returns the memory of the mapped pages that were read to the system; the pages are read again when they are
  /// touched.
  void ReleaseMemory() const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace winnow
