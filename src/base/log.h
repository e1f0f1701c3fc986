/// Log lines on standard error, for people ("warning: ...", coloured on a terminal) or machines (JSON lines). Results
/// are never written to the log. Thread-safe once SetUpLogging has returned; without SetUpLogging, the format is text
/// and the lowest level is info.
#ifndef WINNOW_BASE_LOG_H_  // not #pragma once: see cmake/folder.cmake
#define WINNOW_BASE_LOG_H_

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace winnow {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

void SetUpLogging(const LogOptions& options);
LogFormat CurrentLogFormat();

/// Returns true if lines of that level are written; used to avoid the work of formatting other lines.
bool Logs(LogLevel level);

/// Writes one line. Line ends and control characters in the message are written as escapes, so that no input can forge
/// a line.
void LogLine(LogLevel level, std::string_view message);

/// Formats and writes one line if lines of that level are written.
void LogFormatted(LogLevel level, fmt::string_view format, fmt::format_args arguments);

template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  LogFormatted(LogLevel::kDebug, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  LogFormatted(LogLevel::kInfo, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogFormatted(LogLevel::kWarning, format, fmt::make_format_args(args...));
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  LogFormatted(LogLevel::kError, format, fmt::make_format_args(args...));
}

/// Returns `text` with control characters escaped ("\n", "\x1b"), for lines that quote users' input.
std::string Printable(std::string_view text);

}  // namespace winnow

#endif  // WINNOW_BASE_LOG_H_
