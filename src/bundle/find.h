/// Which directories hold models.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Whether `dir` holds a model: winnow.json, the weights of a linear model, training_info.json, or the config.json of a
/// classifier, as Hugging Face writes it. A config.json that cannot be read counts if weights lie beside it: loading
/// such a model then says what is wrong with it.
bool IsBundle(const std::filesystem::path& dir);

/// Whether weights that winnow loads lie in `dir`: of a linear model, or of a transformer as floats or INT8.
bool HasWeights(const std::filesystem::path& dir);

/// The path that identifies a directory, however it was named: absolute, without symbolic links, ".", ".." and a slash
/// at its end.
std::filesystem::path CanonicalPath(const std::filesystem::path& path);

/// The directories below `dir`, at most `levels` deep, that hold models, in the order of their paths. Hidden
/// directories and what lies inside of a model (checkpoints) are left out, and so are deeper directories that cannot be
/// listed. Errors: kIo if `dir` itself cannot be listed.
Result<std::vector<std::filesystem::path>> BundlesBelow(const std::filesystem::path& dir, int levels);

}  // namespace winnow
