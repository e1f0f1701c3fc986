#include "filter/header_lines.h"

#include "base/lines.h"

namespace winnow {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ParseHeaderLines(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> headers;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (Trimmed(line).empty()) break;
    const size_t colon = line.find(':');
    if (line.front() == ' ' || line.front() == '\t') {
      if (!headers.empty()) headers.back().second.append(" ").append(Trimmed(line));
    } else if (colon != std::string_view::npos) {
      headers.emplace_back(Trimmed(line.substr(0, colon)), Trimmed(line.substr(colon + 1)));
    }
  }
  return headers;
}

}  // namespace winnow
