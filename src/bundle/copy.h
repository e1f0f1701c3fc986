/// Copying of a bundle's files to another directory.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace winnow {

/// Puts into `to`, an existing directory, those files of the bundle `from` for which `keep` returns true, given the
/// relative name. Checkpoints are included; hidden files, the manifest and pickles of trainers (training_args.bin,
/// *.pt,
/// *.pkl) are not. A symbolic link that leads out of the
/// bundle is left out; the cache of a hub, whose snapshots link to its blobs, is an exception. Errors: kIo;
/// kInvalidModel if such a link stands for a file of the model.
Result<void> CopyBundleFiles(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<bool(const std::string& name)>& keep);

/// As CopyBundleFiles, for a directory that takes the place of `from`: files are hard-linked if the file system allows
/// it, since the old directory is removed; otherwise they are copied. A symbolic link that leads out of the bundle
/// stays a link.
Result<void> LinkBundleFiles(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<bool(const std::string& name)>& keep);

/// Requires that `output` is not the directory of the bundle itself, which would be replaced by its copy. Errors:
/// kInvalidArgument.
Result<void> RequireOtherDirectory(const std::filesystem::path& output, const std::filesystem::path& bundle);

}  // namespace winnow
