/// Temporary directories that are removed together with their contents.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// A directory that is removed when this object goes out of scope.
class ScopedTemporaryDirectory {
 public:
  /// Creates "winnow-PURPOSE-XXXXXX" in the system's directory of temporary files (TMPDIR). Errors: kIo.
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
