#include "base/log.h"

#include <spdlog/common.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/console.h"
#include "base/environment.h"
#include "base/json.h"
#include "base/json_log_line.h"
#include "base/lines.h"

namespace winnow {
namespace {

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct LevelLook {
  std::string_view name;
  std::string_view prefix;
  std::string_view colour;
};

LevelLook Look(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return {"debug", "debug: ", "\x1b[2m"};
    case spdlog::level::warn:
      return {"warning", "warning: ", "\x1b[33m"};
    case spdlog::level::err:
      return {"error", "error: ", "\x1b[1;31m"};
    default:
      return {"info", "", ""};
  }
}

LogFormat current_format = LogFormat::kText;

std::string JsonLine(std::chrono::system_clock::time_point time, std::string_view level, std::string_view message,
                     std::string_view hint) {
  Json line;
  line["time"] = std::chrono::duration<double>(time.time_since_epoch()).count();
  line["level"] = level;
  line["message"] = message;
  if (!hint.empty()) line["hint"] = hint;
  return line.dump();
}

/// Hands lines to the console, which keeps a progress bar below them and has its own lock.
class ConsoleSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  ConsoleSink(LogFormat format, bool colour) : format_(format), colour_(colour) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view payload(message.payload.data(), message.payload.size());
    const LevelLook look = Look(message.level);
    if (format_ == LogFormat::kJson) {
      Console::Stderr().Print(JsonLine(message.time, look.name, payload, {}));
      return;
    }
    std::string line;
    if (!look.prefix.empty()) {
      line = colour_ ? fmt::format("{}{}\x1b[0m", look.colour, look.prefix) : std::string(look.prefix);
    }
    Console::Stderr().Print(line + PrintableMessage(payload));
  }
  void flush_() override {}

 private:
  LogFormat format_;
  bool colour_;
};

std::shared_ptr<spdlog::logger> MakeLogger(const LogOptions& options) {
  auto sink = std::make_shared<ConsoleSink>(options.format, UsesColour(STDERR_FILENO));
  auto logger = std::make_shared<spdlog::logger>("winnow", std::move(sink));
  logger->set_level(SpdlogLevel(options.level));
  return logger;
}

std::shared_ptr<spdlog::logger>& Logger() {
  // Never destroyed: a static object's destructor may still log.
  static auto& logger = *new std::shared_ptr<spdlog::logger>(MakeLogger({}));
  return logger;
}

}  // namespace

void SetUpLogging(const LogOptions& options) {
  Logger() = MakeLogger(options);
  current_format = options.format;
}

LogFormat CurrentLogFormat() { return current_format; }

bool Logs(LogLevel level) { return Logger()->should_log(SpdlogLevel(level)); }

void LogLine(LogLevel level, std::string_view message) {
  Logger()->log(SpdlogLevel(level), spdlog::string_view_t(message.data(), message.size()));
}

std::string JsonLogLine(LogLevel level, std::string_view message, std::string_view hint) {
  return JsonLine(std::chrono::system_clock::now(), Look(SpdlogLevel(level)).name, message, hint);
}

void LogFormatted(LogLevel level, fmt::string_view format, fmt::format_args arguments) {
  if (Logs(level)) LogLine(level, fmt::vformat(format, arguments));
}

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      printable += "\\n";
    } else if (c == '\t') {
      printable += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      printable += fmt::format("\\x{:02x}", byte);
    } else {
      printable += c;
    }
  }
  return printable;
}

}  // namespace winnow
