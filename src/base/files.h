/// Reading, mapping and atomic writing of whole files: a reader sees either the old or the new contents.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns the contents of the whole file. Errors: kNotFound, kIo.
Result<std::string> ReadFile(const std::filesystem::path& path);

/// Writes to a temporary name beside `path`, fsyncs, renames over it and fsyncs the directory. On an error (a full
/// disk) the temporary file is removed and `path` is as it was. Errors: kIo, kNotFound when the directory is missing.
Result<void> WriteFileAtomically(const std::filesystem::path& path, std::string_view contents);

/// Writes a file atomically, as above, for contents produced piece by piece: `write` is called once with a sink that
/// appends.
using FileSink = std::function<Result<void>(std::span<const std::byte>)>;
Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 const std::function<Result<void>(const FileSink&)>& write);

/// Appends `line` and a line end to `path`, which is made where it is missing, and fsyncs. Writers of several processes
/// take turns (flock), and what a writer that was killed left of a line is ended first, so that every line appended
/// here stands whole and alone; where it can't be written (a full disk), the file is as it was. Unlike a rewrite this
/// costs no more the longer the file is, and loses no line that another process appends meanwhile. `line` holds no line
/// end. Errors: kIo, kNotFound when the directory is missing.
Result<void> AppendLine(const std::filesystem::path& path, std::string_view line);

/// A file that contains secrets or grants rights.
struct SecretFile {
  std::string contents;
  bool others_read = false;  ///< whether every user of this machine can read the file
};

/// Reads a file of secrets. A file that other users than its owner can write is not trusted and is an error. That
/// its group can read it is accepted, since services read files owned by root that way. Errors: kNotFound; kIo, also
/// for a path that is not a regular file or is writable by its group or others; kInvalidData if it exceeds `max_bytes`.
Result<SecretFile> ReadSecretFile(const std::filesystem::path& path, size_t max_bytes);

/// Replaces a file of secrets as WriteFileAtomically does, by what `change` makes of its contents (nothing: there is
/// none yet). A new one is for its owner alone (mode 0600); of one that is there already, owner and group stay as far
/// as the system allows, and whether that group can read it. A symbolic link stays, and what it points to is replaced.
/// Writers of several processes take turns (flock on the directory), so that none undoes another's change. Errors:
/// those of ReadSecretFile, WriteFileAtomically and `change`.
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

  /// Gives the memory of pages that were read back to the system; they are read again when they are touched.
  void ReleaseMemory() const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace winnow
