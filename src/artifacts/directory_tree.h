/// Directories and files below a root, opened part by part without following symbolic links.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace winnow {

/// An open file or directory, which is closed with this object.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int fd = -1) : fd_(fd) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedDescriptor();

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// The directories on the way to a file, from the root on.
struct DirectoryChain {
  std::vector<OwnedDescriptor> directories;  ///< the root first, that of the file last
  std::string name;                          ///< the file's name in the last one

  int last() const { return directories.back().get(); }
  /// Makes the names in all of them durable. Errors: kIo.
  Result<void> Sync(const std::filesystem::path& path) const;
};

/// Opens the directories on the way from `root` to `root`/`path`, whose parts are divided by '/'. With `create`,
/// missing ones are created, the root and its parents included. Errors: kNotFound if one is missing; kIo, also for a
/// part that is a symbolic link or not a directory.
Result<DirectoryChain> OpenDirectories(const std::filesystem::path& root, std::string_view path, bool create);

/// Opens the regular file `name` of the chain for reading. Errors: kNotFound; kIo, also for a symbolic link and for
/// what is not a regular file.
Result<OwnedDescriptor> OpenForReading(const DirectoryChain& chain, const std::filesystem::path& shown);

}  // namespace winnow
