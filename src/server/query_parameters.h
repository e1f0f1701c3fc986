/// Parameters in the query of a request: "?user=anna&limit=10".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "server/api_error.h"
#include "server/http.h"

namespace winnow {

class QueryParameters {
 public:
  /// Reads the query of a request, whose parameters are the properties of `schema`; "+" is a space. Errors: 422 for
  /// another parameter, one that is given twice, and bytes that are not valid UTF-8.
  static ApiResult<QueryParameters> Read(const HttpRequest& request, const Json& schema);

  /// Return the value of a parameter; nothing if it is absent or empty. Errors: 422 if it has another form.
  std::optional<std::string> Text(const std::string& name) const;
  ApiResult<std::optional<double>> Number(const std::string& name) const;
  ApiResult<std::optional<bool>> Flag(const std::string& name) const;
  /// Returns a whole number in [least, most], or `otherwise`.
  ApiResult<int64_t> Integer(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace winnow
