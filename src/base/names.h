/// Lists of names in messages.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace winnow {

/// Returns the first `most` names and the number of the others: "a, b and 3 more".
std::string FirstNames(std::span<const std::string> names, size_t most);

/// Returns FirstNames of the names at the places `ids`, in quotes: "'a', 'b' and 3 more".
std::string FirstQuotedNames(std::span<const std::string> names, std::span<const size_t> ids, size_t most);

}  // namespace winnow
