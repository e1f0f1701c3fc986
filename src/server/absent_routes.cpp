#include "server/absent_routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace winnow {
namespace {

/// An option, and a route that a server has if it was started with the option.
struct RouteOption {
  std::string_view name, method, path;
};

constexpr RouteOption kFilter = {"--filter", "POST", "/v1/messages/check"};
constexpr RouteOption kStore = {"--store", "POST", "/v1/feedback"};
constexpr RouteOption kApple = {"--apple-app-id", "GET", "/.well-known/apple-app-site-association"};
constexpr RouteOption kWorkspace = {"--workspace", "POST", "/v1/jobs"};
constexpr RouteOption kRegistry = {"--registry", "GET", "/v1/registry"};

/// A path, for itself and all paths below it, and the options that it requires.
struct OptionalPath {
  std::string_view path;
  std::vector<RouteOption> options;
};

const std::vector<OptionalPath>& OptionalPaths() {
  static const std::vector<OptionalPath> paths = {
      {"/v1/messages", {kFilter}},
      {"/v1/rules", {kFilter}},
      {"/v1/feedback", {kFilter, kStore}},
      {"/v1/history", {kFilter, kStore}},
      {"/v1/users", {kFilter, kStore}},
      {"/v1/senders", {kFilter, kStore}},
      {"/v1/preferences", {kFilter, kStore}},
      {"/v1/audit", {kFilter, kStore}},
      {"/checkv2", {kFilter}},
      {"/learnspam", {kFilter, kStore}},
      {"/learnham", {kFilter, kStore}},
      {"/apple", {kFilter}},
      {"/.well-known/apple-app-site-association", {kFilter, kApple}},
      {"/v1/jobs", {kWorkspace}},
      {"/v1/data", {kWorkspace}},
      {"/v1/review", {kWorkspace}},
      {"/v1/workspace", {kWorkspace}},
      {"/v1/benchmarks", {kWorkspace}},
      {"/v1/must-pass", {kWorkspace}},
      {"/api/finetune", {kWorkspace}},
      {"/api/benchmark", {kWorkspace}},
      {"/v1/registry", {kRegistry}},
  };
  return paths;
}

bool IsAtOrBelow(std::string_view path, std::string_view parent) {
  return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

}  // namespace

std::optional<std::string> MissingOptions(const RouteTable& routes, std::string_view path) {
  const std::vector<OptionalPath>& paths = OptionalPaths();
  const auto found =
      std::ranges::find_if(paths, [&](const OptionalPath& optional) { return IsAtOrBelow(path, optional.path); });
  if (found == paths.end()) return std::nullopt;
  std::vector<std::string_view> missing;
  for (const RouteOption& option : found->options) {
    if (routes.Find(option.method, option.path).route == nullptr) missing.push_back(option.name);
  }
  if (missing.empty()) return std::nullopt;
  return fmt::format("the server was started without {}, which this path requires", fmt::join(missing, " and "));
}

}  // namespace winnow
