#include "jobs/job_events.h"

#include "base/log.h"

namespace winnow {
namespace {

constexpr size_t kMostBytes = 16384;  // of a message; longer ones are cut

}  // namespace

std::optional<Json> EventOfLine(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
  Result<Json> read = ParseJson(line, "log line");
  const Json* level = read && read->is_object() ? read->Find("level") : nullptr;
  if (level == nullptr || !level->is_string()) {
    return Json{{"type", "log"}, {"level", "error"}, {"message", Printable(line.substr(0, kMostBytes))}};
  }
  const std::string kind = level->str();
  const Json* message = read->Find("message");
  if (kind != "progress" && kind != "evaluation") {
    std::string text = message != nullptr && message->is_string() ? message->str() : "";
    if (const Json* const hint = read->Find("hint"); hint != nullptr && hint->is_string()) text += "; " + hint->str();
    if (text.size() > kMostBytes) text.resize(kMostBytes);
    return Json{{"type", "log"}, {"level", kind}, {"message", text}};
  }
  Json event = {{"type", kind}};
  for (auto& [key, value] : read->items()) {
    if (key == "level" || key == "type") continue;
    event[key == "message" ? "work" : key] = value;
  }
  return event;
}

std::string WithoutPaths(std::string message, std::span<const std::string> beginnings) {
  for (const std::string& beginning : beginnings) {
    if (beginning.empty()) continue;
    for (size_t at = 0; (at = message.find(beginning, at)) != std::string::npos;) message.erase(at, beginning.size());
  }
  return message;
}

}  // namespace winnow
