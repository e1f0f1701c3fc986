#include "server/http.h"

#include <algorithm>

#include "base/json.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool IsParameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

/// The parameters, where the path is one of the route's.
std::optional<std::vector<std::string>> ParametersOf(std::string_view route, std::string_view path) {
  const std::vector<std::string_view> expected = Segments(route), given = Segments(path);
  if (expected.size() != given.size()) return std::nullopt;
  std::vector<std::string> parameters;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!IsParameter(expected[i])) {
      if (expected[i] != given[i]) return std::nullopt;
      continue;
    }
    std::optional<std::string> value = PercentDecoded(given[i]);
    if (!value || value->empty()) return std::nullopt;
    parameters.push_back(std::move(*value));
  }
  return parameters;
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& route : routes_) {
    if (route.path.find('{') == std::string::npos) {
      fixed_.emplace(route.path, &route);
    } else {
      patterns_.push_back(&route);
    }
  }
}

RouteMatch RouteTable::Find(std::string_view method, std::string_view path) const {
  RouteMatch match;
  if (!path.starts_with('/')) return match;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string_view answered_as = method == "HEAD" ? "GET" : method;
  const auto try_route = [&](const Route& route, std::vector<std::string> parameters) {
    if (route.method == answered_as) {
      match.route = &route;
      match.parameters = std::move(parameters);
      return true;
    }
    match.allowed += (match.allowed.empty() ? "" : ", ") + route.method;
    return false;
  };
  const auto [begin, end] = fixed_.equal_range(std::string(path));
  for (auto it = begin; it != end; ++it) {
    if (try_route(*it->second, {})) return match;
  }
  if (begin != end) return match;
  for (const Route* const route : patterns_) {
    std::optional<std::vector<std::string>> parameters = ParametersOf(route->path, path);
    if (parameters && try_route(*route, std::move(*parameters))) return match;
  }
  return match;
}

HttpResponse ErrorResponse(int status, std::string_view type, std::string_view message) {
  const Json body = {{"error", message}, {"error_type", type}};
  return {.status = status, .body = body.dump(), .content_type = "application/json", .headers = {}};
}

}  // namespace winnow
