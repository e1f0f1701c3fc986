/// How requests name models: "spam", "spam:1.2.0", "spam@champion".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// A name, and at most one of the other two.
struct ModelSpec {
  std::string name, version, alias;
};

/// Behind the last ':' comes a version only if it is a semantic one: names may hold a ':' themselves.
ModelSpec ParseModelSpec(std::string_view spec);

/// By precedence (semver.org 2.0.0, 11): below, equal to or above 0 as `a` is lower, as high, or higher. A pre-release
/// is lower than its release; what follows '+' doesn't count. Both are semantic versions.
int CompareVersions(std::string_view a, std::string_view b);

/// NAME@ALIAS means NAME:VERSION, or the highest version of NAME where none is given.
struct ModelAlias {
  std::string alias;
  std::string name;
  std::string version;
};

/// "champion=spam:1.2.0". Errors: kInvalidArgument.
Result<ModelAlias> ParseModelAlias(std::string_view text);

}  // namespace winnow
