#include "base/path_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace winnow {

Error SystemErrorAt(const std::filesystem::path& path, std::string_view what, int number) {
  std::string hint;
  if (number == ENOSPC || number == EDQUOT) hint = "free some space, or use another disk";
  if (number == EACCES || number == EPERM || number == EROFS) {
    hint = "check the permissions of the path and of its parent directory";
  }
  return {number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
          fmt::format("{}: {}: {}", path.string(), what, std::strerror(number)), std::move(hint)};
}

Error SystemErrorAt(const std::filesystem::path& path, std::string_view what) {
  return SystemErrorAt(path, what, errno);
}

}  // namespace winnow
