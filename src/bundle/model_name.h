/// Names of models in requests: "spam", "spam:1.2.0", "spam@champion".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// The name of a model, with a version or an alias or neither.
struct ModelSpec {
  std::string name, version, alias;
};

/// Parses the name of a model. The part after the last ':' is a version only if it is a semantic version, since names
/// may contain a ':'.
ModelSpec ParseModelSpec(std::string_view spec);

/// Compares versions by precedence (semver.org 2.0.0, 11): the result is below, equal to or above 0 if `a` is lower
/// than, equal to or higher than `b`. A pre-release is lower than its release; the part after '+' does not count. `a`
/// and `b` must be semantic versions.
int CompareVersions(std::string_view a, std::string_view b);

/// An alias: NAME@ALIAS means NAME:VERSION, or the highest version of NAME if no version is given.
struct ModelAlias {
  std::string alias;
  std::string name;
  std::string version;
};

/// Parses "champion=spam:1.2.0". Errors: kInvalidArgument.
Result<ModelAlias> ParseModelAlias(std::string_view text);

}  // namespace winnow
