/// Requests and responses as handlers see them, whatever library speaks HTTP.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string path;    ///< as it came, without the query
  std::string query;   ///< as it came
  std::string body;
  std::string client;                          ///< the address it comes from
  std::string id;                              ///< its X-Request-Id, or one of ours
  std::map<std::string, std::string> headers;  ///< names in small letters
  std::vector<std::string> parameters;         ///< of the route's path, {model} and the like, in their order

  /// Empty where there is none. `name` is in small letters.
  std::string_view Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Called once, from any thread.
using HttpReply = std::function<void(HttpResponse)>;

/// One row of the table of routes.
struct Route {
  std::string method;
  std::string path;  ///< "/v2/models/{model}/infer"
  std::string summary;
  std::function<void(const HttpRequest&, HttpReply)> handle;
};

/// Which route a path and method are for. Paths match whole segments; {name} matches one that is not empty.
struct RouteMatch {
  const Route* route = nullptr;         ///< null: none
  std::vector<std::string> parameters;  ///< decoded
  std::string allowed;                  ///< with another method: "GET, POST", for Allow and status 405
};
RouteMatch FindRoute(const std::vector<Route>& routes, std::string_view method, std::string_view path);

/// {"error": ..., "error_type": ...}
HttpResponse ErrorResponse(int status, std::string_view type, std::string_view message);

/// "%20" and the like; nothing where a sequence is cut short or no hexadecimal number.
std::optional<std::string> PercentDecoded(std::string_view text);

}  // namespace winnow
