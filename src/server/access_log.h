/// The access log: one JSON line per request with its client and duration. It contains no texts unless requested.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/line_writer.h"
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

/// A log file. Thread-safe. Lines are written by a thread of their own: a reader who stalls and a full disk cost lines,
/// and never delay a response.
class AccessLog {
 public:
  /// Opens a log that appends to `path`; "-" is standard output. `texts`: bodies are logged too, their first 4,096
  /// bytes; the file can then be read by its owner alone.
  static Result<std::unique_ptr<AccessLog>> Open(const std::filesystem::path& path, bool texts);

  /// Writes {"time","id","client","key"?,"method","path","status","bytes_in","bytes_out","ms","trace_id"?,"parent_id"?,
  /// "body"?} and, for a response with predictions, {"model","version","texts","decisions":{label:
  /// texts},"abstained"?}.
  void Write(const HttpRequest& request, std::string_view route, const HttpResponse& response, double seconds);
  /// Opens the file again, after log rotation. Errors: kIo; lines are then appended to the former file.
  Result<void> Reopen();
  /// Returns the number of lines that were lost.
  uint64_t lost() const { return writer_.lost(); }

 private:
  AccessLog(std::filesystem::path path, bool texts, int descriptor);

  const std::filesystem::path path_;
  const bool texts_;
  std::atomic<bool> told_ = false;  // that lines were lost
  LineWriter writer_;
};

}  // namespace winnow
