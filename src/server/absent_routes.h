/// Routes that exist only with an option of `winnow serve`, and that a server without it lacks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http.h"

namespace winnow {

/// Returns which options the server was started without if `path` is one of the paths that exist only with them, as in
/// "the server was started without --filter and --store, which this path requires"; nothing for other paths. Which
/// options the server has follows from `routes`, its routes.
std::optional<std::string> MissingOptions(const RouteTable& routes, std::string_view path);

}  // namespace winnow
