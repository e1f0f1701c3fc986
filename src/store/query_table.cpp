#include "store/query_table.h"

namespace winnow {

Result<void> ReadQueryTable(const std::string& url, const std::string& query,
                            const std::function<Result<void>(const std::vector<SqlColumn>&)>& begin,
                            const std::function<Result<void>(const SqlRow&)>& take) {
  const StoreAddress address = TRY(ParseStoreUrl(url));
  const std::unique_ptr<SqlConnection> connection = TRY(OpenSqlConnection(address, {}, true));
  return connection->ReadQuery(query, begin, take);
}

}  // namespace winnow
