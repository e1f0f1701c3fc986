#include "workspace/workspace_format.h"

#include <system_error>

#include "base/files.h"
#include "base/format_version.h"
#include "base/json.h"
#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;

}  // namespace

Result<void> OpenWorkspaceFormat(const fs::path& workspace) {
  std::error_code error;
  fs::create_directories(workspace, error);
  if (error) return std::unexpected(PathError(workspace, error));
  const fs::path path = workspace / "workspace.json";
  if (!fs::exists(path, error)) {
    return WriteFileAtomically(path, Json{{"format", kFormat}, {"written_by", WINNOW_VERSION}}.dump() + "\n");
  }
  const Json json = TRY(ParseJson(TRY(ReadFile(path)), path.string()));
  const JsonObject object = TRY(JsonObject::Of(json, path.string(), ErrorCode::kInvalidData));
  const int64_t format = TRY(object.Integer("format")).value_or(1);
  if (format <= kFormat) return {};
  return std::unexpected(
      NewerFormatError(path.string(), "the workspace", format, kFormat, TRY(object.String("written_by")).value_or("")));
}

}  // namespace winnow
