#include "server/drift_report.h"

#include "base/files.h"
#include "base/log.h"
#include "base/path_error.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

fs::path FileIn(const fs::path& workspace) { return workspace / "reports" / "drift.json"; }

}  // namespace

Json ReadDriftReport(const fs::path& workspace) {
  if (workspace.empty()) return {};
  const fs::path file = FileIn(workspace);
  const Result<std::string> text = ReadFile(file);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound)
      LogWarning("the report of drift cannot be read: {}", text.error().message);
    return {};
  }
  const Result<Json> json = ParseJson(*text, file.string());
  if (json && json->is_object()) return *json;
  LogWarning("{} is not a report of 'winnow drift --json'", file.string());
  return {};
}

Result<void> KeepDriftReport(const fs::path& workspace, std::string_view report) {
  const fs::path file = FileIn(workspace);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return std::unexpected(PathError(file.parent_path(), error));
  return WriteFileAtomically(file, report);
}

}  // namespace winnow
