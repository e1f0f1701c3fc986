/// The tables of the store and their versions. A migration leads from one version to the next and is never changed once
/// it has been released; docs/stores.md lists the tables.
#pragma once

#include "base/result.h"
#include "store/sql_connection.h"

namespace winnow {

/// Version of the schema that this program reads and writes.
constexpr int kSchemaVersion = 7;

/// Brings the tables to `version` by the migrations that are missing, in one transaction that excludes other processes
/// that migrate the same database. Errors: kUnsupported if the tables have a newer version than the program knows; those
/// of the database.
Result<void> MigrateSchema(SqlConnection& connection, int version = kSchemaVersion);

/// Returns the version of the tables; 0 if there are none.
SqlResult<int> SchemaVersionOf(SqlConnection& connection);

}  // namespace winnow
