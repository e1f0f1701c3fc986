#include "store/query_table.h"

namespace winnow {

Result<QueryTable> ReadQueryTable(const std::string& url, const std::string& query,
                                  const std::function<Result<void>()>& check) {
  const StoreAddress address = TRY(ParseStoreUrl(url));
  const std::unique_ptr<SqlConnection> connection = TRY(OpenSqlConnection(address, {}, true));
  QueryTable table;
  TRY(connection->ReadQuery(
      query,
      [&](const std::vector<SqlColumn>& columns) -> Result<void> {
        table.columns = columns;
        return {};
      },
      [&](const SqlRow& row) -> Result<void> {
        TRY(check());
        table.rows.push_back(row);
        return {};
      }));
  return table;
}

}  // namespace winnow
