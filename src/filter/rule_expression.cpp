// A parser by recursive descent: Or = And {"|" And}, And = Not {"&" Not}, Not = {"!"} (NAME | "(" Or ")").
#include "filter/rule_expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace winnow {
namespace {

constexpr size_t kMaxNameBytes = 64;

bool IsLetter(char c) { return IsAsciiLetter(c) || c == '_'; }

/// Returns the sign that a word of the expression language stands for, or 0.
char SignOf(std::string_view word) {
  if (word == "and" || word == "AND") return '&';
  if (word == "or" || word == "OR") return '|';
  if (word == "not" || word == "NOT") return '!';
  return 0;
}

}  // namespace

bool IsRuleName(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || !IsLetter(text[0]) || SignOf(text) != 0) return false;
  return std::ranges::all_of(text, [](char c) { return IsLetter(c) || IsAsciiDigit(c); });
}

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<RuleExpression> Run() {
    if (text_.size() > RuleExpression::kMaxBytes) {
      return Fail(
          ErrorCode::kInvalidData,
          fmt::format("the expression has {} bytes; the maximum is {}", text_.size(), RuleExpression::kMaxBytes),
          "divide it into several composites");
    }
    Advance();
    TRY(Or(0));
    if (token_.sign != 0) return Unexpected("'&', '|' or the end");
    result_.text_ = text_;
    return std::move(result_);
  }

 private:
  using Kind = RuleExpression::Kind;

  /// A sign, 'n' for a name, '?' for anything else, or 0 at the end.
  struct Token {
    char sign = 0;
    std::string_view text;
    size_t column = 1;
  };

  void Advance() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
    const size_t begin = at_;
    token_ = {0, {}, begin + 1};
    if (begin == text_.size()) return;
    const char c = text_[at_++];
    token_.sign = '?';
    if (IsLetter(c)) {
      while (at_ < text_.size() && (IsLetter(text_[at_]) || IsAsciiDigit(text_[at_]))) ++at_;
      token_.sign = SignOf(text_.substr(begin, at_ - begin));
      if (token_.sign == 0) token_.sign = 'n';
    } else if (c == '&' || c == '|' || c == '!' || c == '(' || c == ')') {
      token_.sign = c;
      if ((c == '&' || c == '|') && at_ < text_.size() && text_[at_] == c) ++at_;
    } else {
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++at_;  // a whole character
    }
    token_.text = text_.substr(begin, at_ - begin);
  }

  std::unexpected<Error> Unexpected(std::string_view expected) const {
    const std::string found = token_.sign == 0 ? "the end" : fmt::format("'{}'", token_.text);
    return Fail(ErrorCode::kInvalidData,
                fmt::format("expression, column {}: expected {}, found {}", token_.column, expected, found),
                "an expression is made of names, & (and), | (or), ! (not) and parentheses: PRIZE & (LINK | !KNOWN)");
  }

  Result<void> Or(int depth) {
    TRY(And(depth));
    while (token_.sign == '|') {
      Advance();
      TRY(And(depth));
      Add(Kind::kOr);
    }
    return {};
  }

  Result<void> And(int depth) {
    TRY(Not(depth));
    while (token_.sign == '&') {
      Advance();
      TRY(Not(depth));
      Add(Kind::kAnd);
    }
    return {};
  }

  Result<void> Not(int depth) {
    bool negated = false;
    for (; token_.sign == '!'; Advance()) negated = !negated;
    if (token_.sign == 'n') {
      if (!IsRuleName(token_.text)) {
        return Fail(ErrorCode::kInvalidData,
                    fmt::format("expression, column {}: the name '{}' is longer than {} bytes", token_.column,
                                token_.text, kMaxNameBytes),
                    "use a shorter name");
      }
      AddName();
      Advance();
    } else if (token_.sign == '(') {
      if (depth == RuleExpression::kMaxDepth) {
        return Fail(ErrorCode::kInvalidData,
                    fmt::format("expression, column {}: parentheses are nested more than {} deep", token_.column,
                                RuleExpression::kMaxDepth),
                    "divide the expression into several composites");
      }
      Advance();
      TRY(Or(depth + 1));
      if (token_.sign != ')') return Unexpected("'&', '|' or ')'");
      Advance();
    } else {
      return Unexpected("a name, '!' or '('");
    }
    if (negated) Add(Kind::kNot);
    return {};
  }

  void Add(Kind kind) { result_.steps_.push_back({kind}); }

  void AddName() {
    std::vector<std::string>& names = result_.names_;
    const auto found = std::ranges::find(names, token_.text);
    result_.steps_.push_back({Kind::kName, static_cast<uint32_t>(found - names.begin())});
    if (found == names.end()) names.emplace_back(token_.text);
  }

  std::string_view text_;
  size_t at_ = 0;
  Token token_;
  RuleExpression result_;
};

Result<RuleExpression> RuleExpression::Parse(std::string_view text) { return ExpressionParser(text).Run(); }

}  // namespace winnow
