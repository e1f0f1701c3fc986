#include "server/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "base/log.h"
#include "server/decision_counts.h"

namespace winnow {
namespace {

constexpr size_t kMostBody = 4096;

bool IsHex(std::string_view text) { return IsHexDigest(text, text.size()); }
bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), ms);
}

/// A file to append to; with the texts of users in it, nobody else may read it. A named pipe must have its reader:
/// waiting for one would keep the server from starting.
Result<int> OpenFile(const std::filesystem::path& path, bool texts) {
  constexpr mode_t kOwner = 0600, kAll = 0644;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const int descriptor = ::open(path.c_str(), kFlags, texts ? kOwner : kAll);
  const auto failed = [&] {
    const int number = errno;
    struct stat status = {};
    const bool pipe = number == ENXIO && ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    if (descriptor >= 0) ::close(descriptor);
    return Fail(ErrorCode::kIo,
                fmt::format("'{}': cannot write the access log: {}", path.string(),
                            pipe ? "no process reads this named pipe" : std::strerror(number)),
                pipe ? "start the program that reads it first" : "");
  };
  if (descriptor < 0) return failed();
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) return failed();
  // The permissions of a device are not the log's to change.
  if (texts && S_ISREG(status.st_mode) && ::fchmod(descriptor, kOwner) != 0 && errno != EPERM) return failed();
  return descriptor;
}

void AddDecisions(const DecisionCounts& counts, Json& line) {
  line["model"] = counts.model;
  line["version"] = counts.version;
  line["texts"] = counts.texts;
  line["decisions"] = Json::object();
  for (const auto& [decision, texts] : counts.decisions) line["decisions"][decision] = texts;
  if (counts.abstained > 0) line["abstained"] = counts.abstained;
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view header) {
  // version "-" trace-id "-" parent-id "-" flags; versions after 00 may have more behind another "-".
  constexpr size_t kLength = 55;
  if (header.size() < kLength || (header.size() > kLength && (header.starts_with("00") || header[kLength] != '-'))) {
    return std::nullopt;
  }
  const std::string_view version = header.substr(0, 2), trace = header.substr(3, 32), parent = header.substr(36, 16),
                         flags = header.substr(53, 2);
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  if (!IsHex(version) || !IsHex(trace) || !IsHex(parent) || !IsHex(flags)) return std::nullopt;
  if (version == "ff" || IsZero(trace) || IsZero(parent)) return std::nullopt;
  const char last = flags[1];
  const int low = last <= '9' ? last - '0' : last - 'a' + 10;
  return TraceParent{std::string(trace), std::string(parent), (low & 1) != 0};
}

AccessLog::AccessLog(std::filesystem::path path, bool texts, int descriptor)
    : path_(std::move(path)), texts_(texts), writer_(descriptor, /*owned=*/descriptor != STDOUT_FILENO) {}

Result<std::unique_ptr<AccessLog>> AccessLog::Open(const std::filesystem::path& path, bool texts) {
  const int descriptor = path == "-" ? STDOUT_FILENO : TRY(OpenFile(path, texts));
  return std::unique_ptr<AccessLog>(new AccessLog(path, texts, descriptor));
}

void AccessLog::Write(const HttpRequest& request, std::string_view route, const HttpResponse& response,
                      double seconds) {
  constexpr double kMs = 1000;
  Json line = {{"time", Now()}, {"id", request.id}, {"client", request.client}};
  if (!request.key.empty()) line["key"] = request.key;
  line["method"] = request.method;
  // The path of the table, since texts may stand in a path that leads nowhere.
  line["path"] = route;
  line["status"] = response.status;
  line["bytes_in"] = request.body.size();
  line["bytes_out"] = response.body.size();
  line["ms"] = std::round(seconds * kMs * kMs) / kMs;
  if (const auto trace = ParseTraceParent(request.Header("traceparent"))) {
    line["trace_id"] = trace->trace_id;
    line["parent_id"] = trace->parent_id;
  }
  if (response.decisions) AddDecisions(*response.decisions, line);
  if (texts_) line["body"] = request.body.substr(0, kMostBody);
  writer_.Write(line.dump());
  if (writer_.lost() > 0 && !told_.exchange(true)) {
    LogWarning(
        "'{}': lines of the access log are being dropped, because the disk or the reading process cannot keep up or is "
        "full; winnow_access_log_lost_lines_total counts them",
        path_.string());
  }
}

Result<void> AccessLog::Reopen() {
  if (path_ != "-") writer_.Replace(TRY(OpenFile(path_, texts_)));
  return {};
}

}  // namespace winnow
