#include "base/toml_depth.h"

namespace winnow {
namespace {

/// Returns the end of the string that begins at `begin` with a quote; an unterminated string ends with the contents.
size_t EndOfString(std::string_view contents, size_t begin) {
  const char quote = contents[begin];
  const bool multiline = contents.substr(begin + 1, 2) == std::string_view(quote == '"' ? "\"\"" : "''");
  size_t at = begin + (multiline ? 3 : 1);
  for (; at < contents.size(); ++at) {
    const char c = contents[at];
    if (c == '\\' && quote == '"') {
      ++at;
    } else if (!multiline && (c == quote || c == '\n')) {
      return at + 1;
    } else if (multiline && c == quote && contents.substr(at + 1, 2) == contents.substr(begin + 1, 2)) {
      at += 3;
      while (at < contents.size() && contents[at] == quote) ++at;  // quotes before the closing ones
      return at;
    }
  }
  return contents.size();
}

}  // namespace

std::optional<size_t> LineOfLongTomlKey(std::string_view contents, size_t most) {
  size_t line = 1, dots = 0;
  for (size_t at = 0; at < contents.size();) {
    const char c = contents[at];
    size_t end = at + 1;
    if (c == '"' || c == '\'') {
      end = EndOfString(contents, at);
    } else if (c == '#') {
      end = contents.find('\n', at);
    } else if (c == '.') {
      if (++dots >= most) return line;
    } else if (c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == '\n') {
      dots = 0;
    }
    for (end = end < contents.size() ? end : contents.size(); at < end; ++at) {
      if (contents[at] == '\n') ++line;
    }
  }
  return std::nullopt;
}

}  // namespace winnow
