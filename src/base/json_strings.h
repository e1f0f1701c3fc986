/// Lists of strings in JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace winnow {

/// Returns the strings of a list; nothing if `list` is not a list, or if one of its elements is not a string.
std::optional<std::vector<std::string>> StringsOf(const Json& list);

/// Returns the elements of a list that are strings and passes over the others; none if `list` is not a list.
std::vector<std::string> StringsAmong(const Json& list);

}  // namespace winnow
