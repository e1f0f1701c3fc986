/// The access log: one JSON line per request with its client and duration. It contains no texts unless requested.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "server/http.h"

namespace winnow {

/// The caller's place in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/).
struct TraceParent {
  std::string trace_id;   ///< trace id: 32 hexadecimal digits
  std::string parent_id;  ///< parent id: 16 hexadecimal digits
  bool sampled = false;
};

/// Parses a traceparent header; nothing if it is not valid.
std::optional<TraceParent> ParseTraceParent(std::string_view header);

/// A log file. Thread-safe.
class AccessLog {
 public:
  /// Opens a log that appends to `path`; "-" is standard output. `texts`: bodies are logged too, their first 4,096
  /// bytes.
  static Result<std::unique_ptr<AccessLog>> Open(const std::filesystem::path& path, bool texts);
  ~AccessLog();

  /// Writes {"time","id","client","key"?,"method","path","status","bytes_in","bytes_out","ms","trace_id"?,"parent_id"?,
  /// "body"?} and, for a response with predictions, {"model","version","texts","decisions":{label: texts},"abstained"?}.
  void Write(const HttpRequest& request, std::string_view route, const HttpResponse& response, double seconds);
  /// Opens the file again, after log rotation.
  void Reopen();

 private:
  AccessLog(std::filesystem::path path, bool texts, std::FILE* file)
      : path_(std::move(path)), texts_(texts), file_(file) {}

  const std::filesystem::path path_;
  const bool texts_;
  Mutex mutex_;
  std::FILE* file_ GUARDED_BY(mutex_);
};

}  // namespace winnow
