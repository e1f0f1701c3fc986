/// Lists of names: membership, and how messages show them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Returns true if `name` is among `names`, which are compared one after the other: for lists of few.
inline bool IsOneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

/// Returns the first `most` names and the number of the others: "a, b and 3 more".
std::string FirstNames(std::span<const std::string> names, size_t most);

/// Returns FirstNames of the names at the places `ids`, in quotes: "'a', 'b' and 3 more".
std::string FirstQuotedNames(std::span<const std::string> names, std::span<const size_t> ids, size_t most);

}  // namespace winnow
