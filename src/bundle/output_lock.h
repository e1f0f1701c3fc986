/// A lock on a directory that is about to be written, so that a second process that would write it finds out at its
/// start.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// The lock is a temporary directory next to the target, with a lock of the operating system on it (flock). Both go
/// with this object; of a process that was killed, the lock of the system is gone, and the next writer removes the
/// directory. Movable; not thread-safe.
class OutputLock {
 public:
  /// Locks `target`, an absolute path with a file name, and creates its missing parents. What killed writers left for
  /// this target is removed; where one was killed while it exchanged the directories, the former target is put back.
  /// Errors: kExists if a process is writing the target; kIo, kNotFound.
  static Result<OutputLock> Take(const std::filesystem::path& target);

  /// Locks a bundle whose files are written in place. Where the lock cannot be made, because the parent directory is
  /// not writable, the bundle is written without one, and where there is no directory nothing is created. Errors:
  /// kExists.
  static Result<OutputLock> TakeInPlace(const std::filesystem::path& bundle);

  OutputLock() = default;  ///< no lock
  OutputLock(OutputLock&& other) noexcept;
  OutputLock& operator=(OutputLock&& other) noexcept;
  ~OutputLock();

  /// Returns the temporary directory, which is empty at first and becomes that of the new files.
  const std::filesystem::path& path() const { return path_; }
  /// Has the temporary directory another name from now on; empty: it has become the target, and is not removed.
  void MoveTo(std::filesystem::path path) { path_ = std::move(path); }
  /// Removes the temporary directory and the lock.
  void Release();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Returns the absolute path of a directory to write, through symbolic links: the link stays and leads to the new
/// directory. Errors: kIo, kNotFound.
Result<std::filesystem::path> ResolveTarget(const std::filesystem::path& target);

/// Returns ".spam.winnow-" for the target "spam": what all temporary siblings of a target begin with.
std::string TemporaryPrefix(const std::filesystem::path& target);

/// Returns true for a target on a file system of its own: its temporary directory has to lie inside it.
bool IsMountPoint(const std::filesystem::path& target);

/// The end of the name of the former target while it is exchanged.
inline constexpr char kOldTarget[] = ".old";

}  // namespace winnow
