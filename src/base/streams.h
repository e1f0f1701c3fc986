/// Which input files can be read only once.
#pragma once

#include <filesystem>
#include <system_error>

namespace winnow {

/// Returns false for standard input ("-") and for pipes and other devices: what was read from them is gone. True for
/// what does not exist and for directories, whose opening says what is wrong.
inline bool CanBeReadTwice(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return path != "-" && (!exists(status) || is_regular_file(status) || is_directory(status));
}

}  // namespace winnow
