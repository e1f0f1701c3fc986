/// Errors of the operating system about a path.
#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace winnow {

/// Returns the error kIo "PATH: what the system says".
inline Error PathError(const std::filesystem::path& path, const std::error_code& error) {
  return {ErrorCode::kIo, path.string() + ": " + error.message(), {}};
}

/// Returns the error "PATH: WHAT: what the system says" about the error number `number` of errno(3); `what` is such as
/// "cannot open". The code is kNotFound if the path does not exist, otherwise kIo. The hint is about disks that are
/// full and permissions that are missing; other errors have none.
Error SystemErrorAt(const std::filesystem::path& path, std::string_view what, int number);

/// Returns the error about the present value of errno.
Error SystemErrorAt(const std::filesystem::path& path, std::string_view what);

}  // namespace winnow
