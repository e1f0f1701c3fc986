/// A TOML file as option names and texts. toml++ stays behind this header.
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

/// The file's keys in the order they stand there. Errors: those of ReadFile; kInvalidArgument for broken TOML (with
/// line and column) and for a value that no option can have: a table, a date, an array of arrays.
Result<std::vector<TomlEntry>> ReadTomlOptions(const std::filesystem::path& path);

}  // namespace winnow
