/// Search for the models of a command that takes many of them.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct FoundBundle {
  /// Name of the directory, preceded by as many parents as distinguish it from the others; valid UTF-8.
  std::string name;
  std::filesystem::path path;
};

/// Returns the `named` directories, whatever they contain, in their order; then the bundles below `models`, one or two
/// levels deep, in the order of their paths (BundlesBelow; a directory that cannot be listed contains none). A bundle
/// that is found twice, even by a symbolic link, is returned once. Errors: kNotFound if `models` is not a directory or
/// contains no bundles and none was named; kInvalidArgument if neither was given.
Result<std::vector<FoundBundle>> FindBundles(std::span<const std::filesystem::path> named,
                                             const std::optional<std::filesystem::path>& models);

}  // namespace winnow
