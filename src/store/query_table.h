/// Tables of other programs' databases, read by a query of the user.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/sql_connection.h"

namespace winnow {

/// Runs one SELECT statement in a transaction that cannot write. Passes its columns to `begin`, and then its rows, one
/// by one, to `take`, whose errors end the reading. Errors: those of ParseStoreUrl for `url`; kNotFound;
/// kInvalidArgument for a query that the database refuses, with the database's message; kNetwork; kIo.
Result<void> ReadQueryTable(const std::string& url, const std::string& query,
                            const std::function<Result<void>(const std::vector<SqlColumn>&)>& begin,
                            const std::function<Result<void>(const SqlRow&)>& take);

}  // namespace winnow
