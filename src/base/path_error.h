/// Errors of the file system's functions.
#pragma once

#include <filesystem>
#include <system_error>

#include "base/result.h"

namespace winnow {

/// Returns the error kIo "PATH: what the system says".
inline Error PathError(const std::filesystem::path& path, const std::error_code& error) {
  return {ErrorCode::kIo, path.string() + ": " + error.message(), {}};
}

}  // namespace winnow
