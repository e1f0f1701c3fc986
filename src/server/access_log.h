/// One JSON line a request, for those who ask who called and how long it took. No message text, unless asked for.
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
  std::string trace_id;   ///< 32 hexadecimal digits
  std::string parent_id;  ///< 16
  bool sampled = false;
};

/// Of a traceparent header; nothing where it is none.
std::optional<TraceParent> ParseTraceParent(std::string_view header);

/// Thread-safe.
class AccessLog {
 public:
  /// Appends to `path`; "-" is standard output. `texts`: bodies are logged too, their first 4,096 bytes.
  static Result<std::unique_ptr<AccessLog>> Open(const std::filesystem::path& path, bool texts);
  ~AccessLog();

  /// {"time","id","client","key"?,"method","path","route"?,"status","bytes_in","bytes_out","ms","trace_id"?,
  /// "parent_id"?,"body"?}
  void Write(const HttpRequest& request, std::string_view route, const HttpResponse& response, double seconds);
  /// Opens the file anew, for those who rotate logs.
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
