/// A bound on the nesting of TOML, for files from outside.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace winnow {

/// The number of parts up to which keys of Winnow's TOML files are read.
inline constexpr size_t kMaxTomlKeyParts = 16;

/// Returns the line, counted from 1, of the first key of more than `most` parts ("a.b.c" has three), or nothing. Each
/// part of a key is a table within a table, and toml++ 3.3 destroys nested tables by recursion, which a long key would
/// turn into an overflow of the stack. Strings and comments are skipped.
std::optional<size_t> LineOfLongTomlKey(std::string_view contents, size_t most);

}  // namespace winnow
