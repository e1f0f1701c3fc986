/// Requests and responses as handlers see them, whatever library speaks HTTP.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "server/role.h"

namespace winnow {

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string path;    ///< as it came, without the query
  std::string query;   ///< as it came
  std::string body;    ///< unpacked, where it came compressed
  std::string client;  ///< the address it comes from; "unix" through a unix socket
  std::string key;     ///< the name of the API key that it came with; or empty
  std::string caller;  ///< who takes turns with others: a key, or an address
  std::string id;      ///< its X-Request-Id, or one of ours
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in small letters
  std::vector<std::string> parameters;                       ///< of the route's path, {model} and the like, in order
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
  /// Becomes true when the client has closed its connection. Null for a request that came over none.
  std::shared_ptr<const std::atomic<bool>> client_disconnected;
  /// Runs something on the connection's thread, after what is ready there; or empty, of a request that is handled
  /// apart.
  std::function<void(std::function<void()>)> defer;

  /// The first of this name, which is in small letters; empty where there is none.
  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
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

/// What a server is given: it may still change the request before handlers see it.
using HttpApplication = std::function<void(const std::shared_ptr<HttpRequest>&, const HttpReply&)>;

/// Handlers keep it for as long as they need it.
using SharedRequest = std::shared_ptr<const HttpRequest>;
using HttpHandler = std::function<void(const SharedRequest&, const HttpReply&)>;

/// What /openapi.json and /docs tell of a route, besides its path.
struct RouteDocs {
  std::string summary = {};      ///< a line
  std::string description = {};  ///< Markdown; or empty
  std::string tag = {};          ///< what it is listed under
  /// JSON Schemas (of OpenAPI 3.1) of the body that is sent, null for none, and of the one that comes with status 200.
  Json request = {}, answer = {};
  Json example = {};             ///< of a request; or null
  std::vector<int> errors = {};  ///< statuses besides 200 that it may answer, and those that all may
  std::vector<std::string> answer_types = {"application/json"};  ///< content types of status 200
};

/// One row of the table that feeds routing, access, /openapi.json and /docs.
struct Route {
  std::string method;
  std::string path;  ///< "/v2/models/{model}/infer"
  Role role = Role::kPublic;
  RouteDocs docs = {};
  HttpHandler handle = {};
};

/// Which route a path and method are for. Paths match whole segments; {name} matches one that is not empty.
struct RouteMatch {
  const Route* route = nullptr;         ///< null: none
  std::vector<std::string> parameters;  ///< decoded
  std::string allowed;                  ///< with another method: "GET, POST", for Allow and status 405
};

/// Thread-safe.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  /// What answers GET answers HEAD too.
  RouteMatch Find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  // By path, of routes without parameters; the rest are looked through.
  std::unordered_multimap<std::string, const Route*> fixed_;
  std::vector<const Route*> patterns_;
};

/// {"error": ..., "error_type": ...}
HttpResponse ErrorResponse(int status, std::string_view type, std::string_view message);

/// "%20" and the like; nothing where a sequence is cut short or no hexadecimal number.
std::optional<std::string> PercentDecoded(std::string_view text);

}  // namespace winnow
