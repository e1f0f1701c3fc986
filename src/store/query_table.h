/// Tables of other programs' databases, read by a query of the user.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/sql_connection.h"

namespace winnow {

struct QueryTable {
  std::vector<SqlColumn> columns;
  std::vector<SqlRow> rows;
};

/// Runs one SELECT statement in a transaction that cannot write, and returns its rows. `check` is called for each row;
/// its error ends the reading. Errors: those of ParseStoreUrl for `url`; kNotFound; kInvalidArgument for a query that
/// the database refuses, with the database's message; kNetwork; kIo.
Result<QueryTable> ReadQueryTable(const std::string& url, const std::string& query,
                                  const std::function<Result<void>()>& check);

}  // namespace winnow
