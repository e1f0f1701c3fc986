/// Search for directories that contain models.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Returns true if `dir` contains a model: winnow.json, the weights of a linear model, training_info.json, or the
/// config.json of a classifier, as Hugging Face writes it. A config.json that cannot be read counts if weights are
/// beside it: loading such a model then reports what is wrong with it.
bool IsBundle(const std::filesystem::path& dir);

/// Returns true if `dir` contains weights that Winnow loads: those of a linear model, or of a transformer as floats or
/// INT8.
bool HasWeights(const std::filesystem::path& dir);

/// Returns true if `dir` has a manifest that lists no weights, and contains none: an export to ONNX, whose files Winnow
/// does not run. A model whose weights are missing is not one: its manifest lists them.
bool IsExport(const std::filesystem::path& dir);

/// Returns the path that identifies a directory, however it was named: absolute, without symbolic links, ".", ".." and
/// a slash at its end.
std::filesystem::path CanonicalPath(const std::filesystem::path& path);

/// Returns the directories below `dir`, at most `levels` deep, that contain models, in the order of their paths. Hidden
/// directories, directories inside a model (checkpoints) and directories below `dir` that cannot be listed are left
/// out. Errors: kIo if `dir` itself cannot be listed.
Result<std::vector<std::filesystem::path>> BundlesBelow(const std::filesystem::path& dir, int levels);

}  // namespace winnow
