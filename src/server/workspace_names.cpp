#include "server/workspace_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace winnow {

namespace fs = std::filesystem;

ApiResult<fs::path> FindInWorkspace(const fs::path& directory, const std::string& name, const char* what) {
  const fs::path relative(name);
  const bool plain = !name.empty() && name.find('\0') == std::string::npos && relative.is_relative() &&
                     std::ranges::none_of(relative, [](const fs::path& part) { return part == ".." || part.empty(); });
  if (!plain) return Reject(fmt::format("'{}' is not the name of a {} in the workspace", name, what));
  std::error_code error;
  const fs::path found = fs::canonical(directory / relative, error);
  const fs::path root = fs::canonical(directory, error);
  const auto [end, ignored] = std::ranges::mismatch(root, found);
  if (error || end != root.end()) {
    return Reject(404, "NotFound", fmt::format("the workspace has no {} '{}'", what, name));
  }
  return found;
}

}  // namespace winnow
