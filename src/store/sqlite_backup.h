/// Copies of SQLite databases that are in use.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace winnow {

/// Returns true if the file begins as SQLite's databases do.
bool IsSqliteFile(const std::filesystem::path& path);

/// Writes the state of a database at one moment to `to`, which must not exist, with SQLite's online backup
/// (https://www.sqlite.org/backup.html): other processes may read and write meanwhile. The copy is checked and durable,
/// and its owner alone can read it.
/// Errors: kNotFound; kInvalidData if the copy is damaged, as the database is then; kIo.
Result<void> CopySqlite(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace winnow
