/// A bundle's files in a second place.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace winnow {

/// Gives `to`, an existing directory, the files of `from` (checkpoints included; hidden files and the manifest not), of
/// which `keep`, told the relative name, says yes. By hard links where the file system has them, since bundle files are
/// replaced and never changed; else copied. Errors: kIo.
Result<void> LinkBundleFiles(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<bool(const std::string& name)>& keep);

}  // namespace winnow
