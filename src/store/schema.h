/// The tables of the store and their versions. A migration leads from one version to the next and is never changed once
/// it has been released; docs/stores.md lists the tables.
///
/// Each migration has an `oldest_reader`: the oldest schema version whose programs can use the tables afterwards. It is
/// that of the migration before if the migration only adds what programs that do not know it need neither read nor
/// write: tables, columns that are nullable or have a default, and indexes; otherwise it is the new version
/// (docs/adr/062-tables-of-a-later-version.md). It is stored with the version, and a program that meets a newer version
/// than it knows decides by it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/sql_connection.h"

namespace winnow {

/// Version of the schema that this program reads and writes.
constexpr int kSchemaVersion = 8;

/// Brings the tables to `version` by the migrations that are missing, in one transaction that excludes other processes
/// that migrate the same database. Before, a copy of `file` is kept (store/former_copies.h), which is that of the
/// connection; an empty path, for a server, means no copy. Tables of a newer version are left as they are. Errors:
/// kUnsupported for a newer version that this program cannot use; those of the copy and of the database.
Result<void> MigrateSchema(SqlConnection& connection, int version = kSchemaVersion,
                           const std::filesystem::path& file = {});

/// Returns the version of the tables; 0 if there are none.
SqlResult<int> SchemaVersionOf(SqlConnection& connection);

}  // namespace winnow
