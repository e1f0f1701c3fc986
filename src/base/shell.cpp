#include "base/shell.h"

#include <algorithm>

#include "base/ascii.h"

namespace winnow {

std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string ShellLine(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    const bool plain = !argument.empty() && std::ranges::all_of(argument, [](char c) {
      return IsAsciiAlphanumeric(c) || std::string_view("-_./=,:@+").contains(c);
    });
    line += line.empty() ? "" : " ";
    line += plain ? argument : ShellQuoted(argument);
  }
  return line;
}

}  // namespace winnow
