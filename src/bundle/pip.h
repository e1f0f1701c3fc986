/// Downloading with `pip download`, run as a child process, since pip knows the user's mirrors, proxies and passwords.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct PipOptions {
  /// The commands by which pip may be called, in the order of trying. Each one is an argument list: no shell is
  /// involved.
  std::vector<std::vector<std::string>> commands = {{"python3", "-m", "pip"}, {"pip3"}, {"pip"}};
  int timeout_seconds = 900;
  std::function<bool()> keep_going;  ///< polled while pip runs; returning false stops it
};

/// Downloads the wheel of `requirement` ("name==1.0") into `dir`, without its dependencies and without running any of
/// its code (wheels only). Returns the path of the wheel. Errors: kNotFound if pip is not installed, kNetwork with
/// pip's message, kCancelled.
Result<std::filesystem::path> PipDownload(const std::string& requirement, const std::filesystem::path& dir,
                                          const PipOptions& options);

}  // namespace winnow
