/// Log lines on standard error, for people ("warning: ...", coloured on a terminal) or machines (JSON lines). Results
/// never go here. Thread-safe once SetUpLogging has returned; without it, text from level info up.
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

/// Whether lines of that level are written: to save the work of making them.
bool Logs(LogLevel level);

/// One line; line ends and control characters inside are shown as escapes, so that no input can forge a line.
void LogLine(LogLevel level, std::string_view message);

/// One line, formatted if lines of that level are written.
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

/// `text` with control characters escaped ("\n", "\x1b"), for lines that quote what users gave.
std::string Printable(std::string_view text);

}  // namespace winnow

#endif  // WINNOW_BASE_LOG_H_
