/// Files whose digests were checked before, so that loading a large model again does not hash it again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// What tells a file from what it is after it was written to, replaced or renamed: the system sets the time of the
/// status change (ctime), and no program can set it back.
struct FileIdentity {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified_ns = 0, changed_ns = 0;  ///< since 1970, in nanoseconds

  bool operator==(const FileIdentity&) const = default;
  /// Returns true for the same contents, as far as programs do not reset times: another link to a file changes only
  /// `changed_ns`.
  bool HasContentsOf(const FileIdentity& other) const {
    return device == other.device && inode == other.inode && size == other.size && modified_ns == other.modified_ns;
  }
};

/// Errors: kNotFound, kIo, also for a path that is not a regular file.
Result<FileIdentity> IdentityOf(const std::filesystem::path& file);

/// The memory of verified files: a file "verified-files" in the user's cache directory (winnow/ below XDG_CACHE_HOME or
/// ~/.cache), which its owner alone can write. Without a cache directory nothing is remembered, and every file is
/// hashed at every load. Thread-safe, also between processes.
class VerifiedFiles {
 public:
  /// Returns the memory of this user, as it is now. A memory that cannot be read is an empty one.
  static VerifiedFiles Read();

  /// Returns true if a file of this identity has had the digest.
  bool Contains(const FileIdentity& file, const std::string& sha256) const;

  /// Adds files to the memory. The oldest ones are forgotten when there are more than a few hundred. A file that
  /// changed within the last two seconds is left out: another change in the same tick of the clock would not show.
  /// Failures are ignored: the files are hashed again.
  static void Remember(const FileIdentity& file, const std::string& sha256);

 private:
  std::string lines_;
};

}  // namespace winnow
