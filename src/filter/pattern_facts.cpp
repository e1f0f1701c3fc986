#include "filter/pattern_facts.h"

#include <cstddef>

#include "base/ascii.h"

namespace winnow {
namespace {

/// Returns the end of the character class that begins at `begin` with "[".
size_t EndOfClass(std::string_view pattern, size_t begin) {
  size_t at = begin + 1;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;  // the first one is a member
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\') ++at;
    if (pattern.substr(at, 2) == "[:") at = pattern.find(":]", at);
    if (at >= pattern.size()) break;
    at += pattern.substr(at, 2) == ":]" ? 2 : 1;
  }
  return at < pattern.size() ? at + 1 : pattern.size();
}

/// Returns the end of what begins at `at` and matches no character by itself: "(", "(?:", "(?i)", "(?P<name>".
size_t EndOfOpening(std::string_view pattern, size_t at) {
  if (pattern.substr(at, 2) != "(?") return at + 1;
  const size_t end = pattern.find_first_of(":)>", at);
  return end == std::string_view::npos ? pattern.size() : end + 1;
}

/// Returns true if the flags of a group such as "(?im)" turn `flag` on anywhere in the pattern.
bool HasFlag(std::string_view pattern, char flag) {
  for (size_t at = pattern.find("(?"); at != std::string_view::npos; at = pattern.find("(?", at + 1)) {
    for (size_t i = at + 2; i < pattern.size() && pattern[i] >= 'A' && pattern[i] <= 'z'; ++i) {
      if (pattern[i] == flag) return true;
    }
  }
  return false;
}

}  // namespace

PatternFacts FactsOf(std::string_view pattern) {
  PatternFacts facts;
  const bool lines = HasFlag(pattern, 'm'), any_case = HasFlag(pattern, 'i');
  bool something_before = false;
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    size_t end = at + 1;
    if (c == '\\') {
      const char next = at + 1 < pattern.size() ? pattern[at + 1] : ' ';
      end = at + 2;
      if ((next == 'p' || next == 'P' || next == 'x') && pattern.substr(end, 1) == "{") {
        end = pattern.find('}', end);
      }
      something_before = something_before || (next != 'b' && next != 'B' && next != 'A');
    } else if (c == '[') {
      end = EndOfClass(pattern, at);
      something_before = true;
    } else if (c == '(') {
      end = EndOfOpening(pattern, at);
    } else if (c == '|') {
      something_before = false;
    } else if (c == '^') {
      facts.inner_begin = facts.inner_begin || (something_before && !lines);
    } else if (c == '$') {
      const char next = at + 1 < pattern.size() ? pattern[at + 1] : ')';
      facts.inner_end = facts.inner_end || (!lines && next != ')' && next != '|' && next != '?' && next != '*' &&
                                            next != '$' && next != '\\');
    } else if (c != ')' && c != '?' && c != '*') {
      facts.capital = facts.capital || (IsAsciiUpper(c) && !any_case);
      something_before = true;
    }
    at = end < pattern.size() ? end : pattern.size();
  }
  return facts;
}

}  // namespace winnow
