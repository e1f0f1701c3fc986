// A walk over a pattern that is known to be valid, so that only what JavaScript lacks has to be recognized.
// JavaScript's flag i is not used by the translation (packages/js/src/rules/re2.ts says why): under (?i) each letter
// becomes a class of its forms, which bounds the size of ranges and leaves out properties of case.
#include "filter/js_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr uint32_t kMostFolded = 1024;

class PatternWalk {
 public:
  explicit PatternWalk(std::string_view pattern) : pattern_(pattern) {}

  std::optional<std::string> Run() {
    while (at_ < pattern_.size() && obstacle_.empty()) Step();
    return obstacle_.empty() ? std::nullopt : std::optional(obstacle_);
  }

 private:
  char Now() const { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }
  bool Ahead(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  void Step() {
    if (Ahead("\\Q")) {
      const size_t end = pattern_.find("\\E", at_);
      at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
    } else if (Now() == '\\') {
      Escape();
    } else if (Now() == '[') {
      Class();
    } else if (Now() == '(') {
      folds_.push_back(folds_.back());
      ++at_;
      if (Now() == '?') Flags();
    } else {
      if (Now() == ')' && folds_.size() > 1) folds_.pop_back();
      NextCodePoint(pattern_, at_);
    }
  }

  /// "?i)" or "?i:" or "?P<name>", behind a parenthesis.
  void Flags() {
    const bool outer = folds_[folds_.size() - 2];
    bool on = true;
    for (++at_; at_ < pattern_.size(); ++at_) {
      const char c = Now();
      if (c == '-') on = false;
      if (c == 'i') folds_.back() = on;
      if (c == 'U') obstacle_ = "the flag 'U'";
      if (c == 'P' || c == '<') {  // a name
        folds_.back() = outer;
        at_ = std::min(pattern_.find('>', at_), pattern_.size());
        break;
      }
      if (c == ':') break;
      if (c == ')') {  // flags for the rest of the enclosing group
        folds_[folds_.size() - 2] = folds_.back();
        folds_.pop_back();
        break;
      }
    }
    at_ = std::min(at_ + 1, pattern_.size());
  }

  /// An escape, in a class or outside. Returns its code point; nothing for classes and edges.
  std::optional<uint32_t> Escape() {
    ++at_;
    const char c = Now();
    if (c == 'C') obstacle_ = "'\\C'";
    if (c == 'p' || c == 'P') {
      Property();
      return std::nullopt;
    }
    if (c == 'x') return Hexadecimal();
    if (IsAsciiDigit(c)) {
      uint32_t code = 0;
      for (int i = 0; i < 3 && Now() >= '0' && Now() <= '7'; ++i)
        code = 8 * code + static_cast<uint32_t>(pattern_[at_++] - '0');
      return code;
    }
    const bool named = IsAsciiLetter(c);
    const uint32_t code = NextCodePoint(pattern_, at_);
    return named ? std::nullopt : std::optional(code);
  }

  std::optional<uint32_t> Hexadecimal() {
    ++at_;
    const size_t begin = Now() == '{' ? at_ + 1 : at_;
    const size_t end =
        Now() == '{' ? std::min(pattern_.find('}', at_), pattern_.size()) : std::min(at_ + 2, pattern_.size());
    const std::string digits(pattern_.substr(begin, end - begin));
    at_ = std::min(begin == at_ ? end : end + 1, pattern_.size());
    return static_cast<uint32_t>(std::strtoul(digits.c_str(), nullptr, 16));
  }

  void Property() {
    ++at_;
    std::string_view name = pattern_.substr(at_, 1);
    if (Now() == '{') {
      const size_t end = std::min(pattern_.find('}', at_), pattern_.size());
      name = pattern_.substr(at_ + 1, end - at_ - 1);
      at_ = end;
    }
    at_ = std::min(at_ + 1, pattern_.size());
    if (name.starts_with('^')) name.remove_prefix(1);
    if (folds_.back() && (name == "Lu" || name == "Ll" || name == "Lt")) {
      obstacle_ = fmt::format("the property '{}' under (?i)", name);
    }
  }

  void Class() {
    ++at_;
    if (Now() == '^') ++at_;
    for (bool first = true; at_ < pattern_.size() && (first || Now() != ']') && obstacle_.empty(); first = false) {
      if (Ahead("[:")) {
        if (Ahead("[:^"))
          obstacle_ = fmt::format("the class '{}'", pattern_.substr(at_, pattern_.find(']', at_) + 1 - at_));
        at_ = std::min(pattern_.find(":]", at_), pattern_.size() - 2) + 2;
        continue;
      }
      const std::optional<uint32_t> from = One();
      if (!from || Now() != '-' || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']') continue;
      ++at_;
      const uint32_t to = One().value_or(*from);
      if (folds_.back() && to > *from + kMostFolded) {
        obstacle_ = fmt::format("a range of {} characters under (?i)", to - *from + 1);
      }
    }
    if (at_ < pattern_.size()) ++at_;
  }

  std::optional<uint32_t> One() {
    return Now() == '\\' ? Escape() : std::optional<uint32_t>(NextCodePoint(pattern_, at_));
  }

  std::string_view pattern_;
  size_t at_ = 0;
  std::vector<bool> folds_ = {false};  // whether (?i) holds, by group
  std::string obstacle_;
};

}  // namespace

std::optional<std::string> JsObstacle(std::string_view pattern) { return PatternWalk(pattern).Run(); }

std::vector<std::string> JsObstacles(const std::vector<Rule>& rules) {
  std::vector<std::string> obstacles;
  for (const Rule& rule : rules) {
    const std::optional<std::string> obstacle = rule.pattern ? JsObstacle(*rule.pattern) : std::nullopt;
    if (obstacle) obstacles.push_back(fmt::format("rule {}: {} has no exact form in JavaScript", rule.name, *obstacle));
  }
  return obstacles;
}

}  // namespace winnow
