/// Requests and responses as handlers see them, independent of the HTTP library.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "server/byte_budget.h"
#include "server/role.h"

namespace winnow {

struct DecisionCounts;
class ResponseStream;
struct Route;

struct HttpRequest {
  std::string method;        ///< request method, such as "GET"
  std::string path;          ///< path of the request target as received, without the query
  std::string query;         ///< query of the request target as received
  std::string body;          ///< request body, uncompressed
  std::string client;        ///< address of the client; "unix" for a unix socket
  std::string key;           ///< name of the API key of the request; empty: none
  Role role = Role::kAdmin;  ///< role of the client, at least that of the route
  std::string caller;        ///< name for taking turns: a key, or an address
  std::string id;            ///< value of X-Request-Id, or a generated id
  std::vector<std::pair<std::string, std::string>> headers;  ///< headers with names in lower case
  const Route* route = nullptr;                              ///< route of the request, found by HttpApplication::Admit
  std::vector<std::string> parameters;  ///< values of the parameters in the route's path, such as {model}, in order
  ByteBudget::Share memory;             ///< memory that the body takes of what all requests may take together
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration waited{};  ///< time that the complete request waited for a thread
  /// Becomes true when the client has closed its connection. Null for a request without a connection.
  std::shared_ptr<const std::atomic<bool>> client_disconnected;
  /// Runs a function on the connection's thread, after the events that are ready there. Empty for a request that is
  /// handled on a separate thread.
  std::function<void(std::function<void()>)> defer;

  /// Returns true if a proxy says that it passes the request on.
  bool WasForwarded() const {
    for (const char* const name : {"x-forwarded-for", "x-real-ip", "forwarded", "via"}) {
      if (!Header(name).empty()) return true;
    }
    return false;
  }

  /// Returns the first header of this name, which must be in lower case; empty if there is none.
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
  std::shared_ptr<const DecisionCounts> decisions = {};  ///< decisions in the body, for the access log; or null
  std::shared_ptr<ResponseStream> stream = {};           ///< the body in place of `body`, piece by piece; or null
};

/// Function that sends the reply; called once, from any thread.
using HttpReply = std::function<void(HttpResponse)>;

/// What a server does with requests. Thread-safe.
class HttpApplication {
 public:
  HttpApplication() = default;
  HttpApplication(const HttpApplication&) = delete;
  HttpApplication& operator=(const HttpApplication&) = delete;
  virtual ~HttpApplication() = default;

  /// Decides about a request whose header has arrived, before a byte of its body is read; sets its route, client and
  /// caller. Returns the response to a request that is refused; nothing for one that Handle is to be called with.
  virtual std::optional<HttpResponse> Admit(HttpRequest& request) = 0;
  /// Returns the route of a request that is refused although its header is valid, for the form of the error; null:
  /// none.
  virtual const Route* RouteOf(const HttpRequest&) const { return nullptr; }
  /// Handles a request that was admitted, once its body has arrived.
  virtual void Handle(const std::shared_ptr<HttpRequest>& request, const HttpReply& reply) = 0;
};

/// Handlers may keep a request for as long as they need it.
using SharedRequest = std::shared_ptr<const HttpRequest>;
using HttpHandler = std::function<void(const SharedRequest&, const HttpReply&)>;

/// The documentation of a route in /openapi.json and /docs.
struct RouteDocs {
  std::string summary = {};      ///< summary of one line
  std::string description = {};  ///< description in Markdown; may be empty
  std::string tag = {};          ///< group that the route is listed in
  Json query = {};               ///< JSON Schema of an object with the parameters in the query; null for none
  Json headers = {};  ///< JSON Schema of an object with the header fields that the route reads; null for none
  /// JSON Schemas (of OpenAPI 3.1) of the request body, null for none, and of the body of status 200.
  Json request = {}, answer = {};
  bool request_optional = false;  ///< true if a request may have no body although there is a schema of it
  std::string request_type = "application/json";  ///< content type of the request body
  Json example = {};                              ///< example of a request, a string if it is not JSON; may be null
  Json answer_example = {};                       ///< example of a response, a string if it is not JSON; may be null
  std::vector<int> errors = {};  ///< statuses that the route may respond with, besides `status` and those of all routes
  std::vector<std::string> answer_types = {"application/json"};  ///< content types of `status`
  int status = 200;                                              ///< status of a response that is not an error
};

/// The form of the errors of a route.
enum class ErrorForm {
  kWinnow,  ///< {"error": message, "error_type": type}
  kOpenAi,  ///< {"error": {"message", "type", "param", "code"}} (server/openai_error.h)
};

/// One row of the table that feeds routing, access, /openapi.json and /docs.
struct Route {
  std::string method;
  std::string path;          ///< path with parameters in braces: "/v2/models/{model}/infer"
  Role role = Role::kAdmin;  ///< role that the route requires; everybody may use a route with Role::kPublic
  RouteDocs docs = {};
  HttpHandler handle = {};
  /// Size from which bodies may take the handler longer than about a millisecond, if that is less than for most routes.
  size_t handed_over_bytes = SIZE_MAX;
  bool any_content_type = false;  ///< whether bodies may have any Content-Type, or none; most must be JSON
  std::string key_header = {};    ///< a further header field that may contain the API key; empty: none
  /// Whether the API key is the first parameter of the path, for clients that can send no header field. It is removed
  /// from the request before the handler is called; access log and metrics name routes, not paths.
  bool key_in_path = false;
  ErrorForm error_form = ErrorForm::kWinnow;
  /// Whether the route is for those who watch the server: no rate limit applies to its requests, and some connections
  /// beyond the limits of connections may ask for it.
  bool unlimited = false;
  bool starts_work = false;  ///< whether a GET changes something, so that it is refused from pages of other sites
};

/// The route for a path and method. Paths match whole segments; {name} matches a segment that is not empty.
struct RouteMatch {
  const Route* route = nullptr;         ///< matching route; null: none
  std::vector<std::string> parameters;  ///< decoded values of the path's parameters
  /// Methods of the path if only the method does not match: "GET, POST", for Allow and status 405.
  std::string allowed;
};

/// A table of routes. Thread-safe.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  /// Finds a route. Routes for GET match HEAD too, and a path with a slash at its end is the path without it.
  RouteMatch Find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  // By path, of routes without parameters; the rest are looked through.
  std::unordered_multimap<std::string, const Route*> fixed_;
  std::vector<const Route*> patterns_;
};

/// Returns a response with the body {"error": ..., "error_type": ...}.
HttpResponse ErrorResponse(int status, std::string_view type, std::string_view message);

}  // namespace winnow
