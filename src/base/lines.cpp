#include "base/lines.h"

#include <algorithm>

#include "base/log.h"

namespace winnow {

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string PrintableMessage(std::string_view message) {
  constexpr std::string_view kIndentedLine = "\n  ";
  std::string printable;
  for (size_t from = 0;;) {
    const size_t end = std::min(message.find(kIndentedLine, from), message.size());
    printable += Printable(message.substr(from, end - from));
    if (end == message.size()) return printable;
    printable += kIndentedLine;
    from = end + kIndentedLine.size();
  }
}

}  // namespace winnow
