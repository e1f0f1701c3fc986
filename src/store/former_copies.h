/// Copies of SQLite stores from before a migration, so that a former version of the program can be installed again. The
/// copy of store.db with the tables of schema version 7 is store.db.schema-7, beside it.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"

namespace winnow {

/// Writes the copy; one of an earlier migration of the same version is replaced. The file is readable by its owner
/// alone. Returns its path. Errors: kIo, also for a full disk; kInvalidData for a damaged database.
Result<std::filesystem::path> KeepFormerCopy(const std::filesystem::path& store, int version);

/// Returns the copy with the newest schema version that is at most `version`.
std::optional<std::filesystem::path> FindFormerCopy(const std::filesystem::path& store, int version);

/// Removes all copies of a store. Errors: kIo.
Result<void> RemoveFormerCopies(const std::filesystem::path& store);

}  // namespace winnow
