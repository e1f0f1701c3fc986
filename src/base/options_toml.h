/// Reading of TOML files as option names and values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct TomlEntry {
  std::string key;
  std::vector<std::string> values;  // one, or those of an array
  uint32_t line = 0;                // 1-based
};

/// Returns the keys of a file's contents in their order; `file` is its name in errors. Errors: kInvalidArgument for
/// TOML that is not valid (with line and column) and for a value that no option can have: a table, a date, an array of
/// arrays.
Result<std::vector<TomlEntry>> ParseTomlOptions(const std::string& contents, const std::string& file);

/// Returns the keys of a file. Errors: ReadFile's and ParseTomlOptions'.
Result<std::vector<TomlEntry>> ReadTomlOptions(const std::filesystem::path& path);

}  // namespace winnow
