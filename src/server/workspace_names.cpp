#include "server/workspace_names.h"

#include "workspace/file_name.h"

namespace winnow {

namespace fs = std::filesystem;

ApiResult<fs::path> FindInWorkspace(const fs::path& directory, const std::string& name, const char* what) {
  const Result<fs::path> found = FindInDirectory(directory, name, what);
  if (found) return *found;
  if (found.error().code == ErrorCode::kNotFound) return Reject(404, "NotFound", found.error().message);
  return Reject(found.error().message);
}

}  // namespace winnow
