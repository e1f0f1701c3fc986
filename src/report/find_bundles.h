/// Which models a command that takes many of them is about.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct FoundBundle {
  std::string name;  ///< its directory's, with as many parents before it as tell it from the others; valid UTF-8
  std::filesystem::path path;
};

/// Those named, whatever they hold, in their order; then those that lie below `models`, one or two levels deep, in the
/// order of their paths (BundlesBelow; if it cannot be listed, it holds none). One that is met twice, by a symbolic
/// link too, counts once. Errors: kNotFound when `models` is no directory or holds none and none was named;
/// kInvalidArgument when neither was given.
Result<std::vector<FoundBundle>> FindBundles(std::span<const std::filesystem::path> named,
                                             const std::optional<std::filesystem::path>& models);

}  // namespace winnow
