#include "cli/workplace.h"

#include <stdlib.h>

#include <utility>

namespace winnow {

Result<Workplace> Workplace::Make(const std::string& purpose) {
  std::error_code error;
  std::string directory = (std::filesystem::temp_directory_path(error) / ("winnow-" + purpose + "-XXXXXX")).string();
  if (error || ::mkdtemp(directory.data()) == nullptr) {
    return Fail(ErrorCode::kIo, "can't make a temporary directory (" + directory + ")", "is TMPDIR writable?");
  }
  return Workplace(std::filesystem::path(std::move(directory)));
}

Workplace::Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}

Workplace::~Workplace() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace winnow
