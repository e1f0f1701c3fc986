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
  std::string_view line = TakeLineWithEnd(text);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view TakeLineWithEnd(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = end == std::string_view::npos ? text : text.substr(0, end + 1);
  text.remove_prefix(line.size());
  return line;
}

std::string_view WithoutLineEnd(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view WithoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
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
