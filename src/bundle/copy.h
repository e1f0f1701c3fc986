/// Copying of a bundle's files to another directory.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace winnow {

/// Puts into `to`, an existing directory, those files of the bundle `from` for which `keep` returns true, given the
/// relative name. Checkpoints are included; hidden files and the manifest are not. Files are hard-linked if the file
/// system allows it, since bundle files are replaced and never changed; otherwise they are copied. Errors: kIo.
Result<void> LinkBundleFiles(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<bool(const std::string& name)>& keep);

}  // namespace winnow
