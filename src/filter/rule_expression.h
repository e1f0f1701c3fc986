/// Expressions of composites: names of rules and composites with '&' (and), '|' (or), '!' (not) and parentheses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A parsed expression. "!" binds tighter than "&", and "&" tighter than "|", as in C. The words "not", "and" and "or"
/// in lower or upper case, "&&" and "||" have the same meaning as the signs. Thread-safe.
class RuleExpression {
 public:
  static constexpr size_t kMaxBytes = 4096;
  static constexpr int kMaxDepth = 64;  ///< nesting of parentheses

  /// Parses an expression. Errors: kInvalidData, with the column, for text that is not an expression and for one that
  /// exceeds the limits above. The message does not name the file.
  static Result<RuleExpression> Parse(std::string_view text);

  /// Returns the expression as it was written.
  const std::string& text() const { return text_; }
  /// Returns the names in the order in which they first occur, each once.
  const std::vector<std::string>& names() const { return names_; }

  /// Returns the value of the expression; `holds(i)` is the value of names()[i].
  template <typename Holds>
  bool Value(const Holds& holds) const {
    std::array<bool, size_t{4} * kMaxDepth> stack{};
    size_t size = 0;
    for (const Step& step : steps_) {
      switch (step.kind) {
        case Kind::kName:
          stack[size++] = holds(size_t{step.name});
          break;
        case Kind::kNot:
          stack[size - 1] = !stack[size - 1];
          break;
        case Kind::kAnd:
          --size;
          stack[size - 1] = stack[size - 1] && stack[size];
          break;
        case Kind::kOr:
          --size;
          stack[size - 1] = stack[size - 1] || stack[size];
          break;
      }
    }
    return stack[0];
  }

 private:
  friend class ExpressionParser;
  enum class Kind : uint8_t { kName, kNot, kAnd, kOr };
  struct Step {
    Kind kind;
    uint32_t name = 0;
  };

  std::vector<Step> steps_;  ///< in postfix order; at most three values per level of nesting are pending
  std::vector<std::string> names_;
  std::string text_;
};

/// Returns true if `text` can be the name of a rule: letters, digits and underscores of ASCII, the first of which is
/// not a digit, at most 64 of them, and none of the words of expressions.
bool IsRuleName(std::string_view text);

}  // namespace winnow
