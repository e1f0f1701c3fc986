/// `pip download`, run as a child process: the way to a package index that knows the user's mirrors, proxies and
/// passwords.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct PipOptions {
  /// How pip may be called here, in the order of trying. An argument list each: no shell is involved.
  std::vector<std::vector<std::string>> commands = {{"python3", "-m", "pip"}, {"pip3"}, {"pip"}};
  int timeout_seconds = 900;
  std::function<bool()> keep_going;  ///< asked while pip runs; false stops it
};

/// Downloads the wheel of `requirement` ("name==1.0") into `dir`, without what it depends on and without running
/// anything of it (wheels only). Returns the wheel's path. Errors: kNotFound if pip is not installed, kNetwork with
/// pip's own words, kCancelled.
Result<std::filesystem::path> PipDownload(const std::string& requirement, const std::filesystem::path& dir,
                                          const PipOptions& options);

}  // namespace winnow
