/// A directory of temporary files that is removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Removes its directory when it goes out of scope.
class ScopedTemporaryDirectory {
 public:
  /// Makes "winnow-PURPOSE-XXXXXX" in the system's directory of temporary files (TMPDIR). Errors: kIo.
  static Result<ScopedTemporaryDirectory> Make(const std::string& purpose);
  ScopedTemporaryDirectory(ScopedTemporaryDirectory&& other) noexcept;
  ScopedTemporaryDirectory& operator=(ScopedTemporaryDirectory&&) = delete;
  ~ScopedTemporaryDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScopedTemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty once moved from
};

}  // namespace winnow
