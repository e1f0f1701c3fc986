#include "base/temporary_directory.h"

#include <stdlib.h>

#include <utility>

namespace winnow {

Result<ScopedTemporaryDirectory> ScopedTemporaryDirectory::Make(const std::string& purpose) {
  std::error_code error;
  std::string directory = (std::filesystem::temp_directory_path(error) / ("winnow-" + purpose + "-XXXXXX")).string();
  if (error || ::mkdtemp(directory.data()) == nullptr) {
    return Fail(ErrorCode::kIo, "cannot create a temporary directory (" + directory + ")",
                "set TMPDIR to a writable directory");
  }
  return ScopedTemporaryDirectory(std::filesystem::path(std::move(directory)));
}

ScopedTemporaryDirectory::ScopedTemporaryDirectory(ScopedTemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScopedTemporaryDirectory::~ScopedTemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace winnow
