#include "data/filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <optional>

#include "base/parse_number.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

std::optional<double> Number(std::string_view text) { return Filter::NumberIn(text); }

/// A whole number of any size, such as the ID of a message: digits without leading zeros.
struct WholeNumber {
  bool negative = false;
  std::string_view digits;

  static std::optional<WholeNumber> Of(std::string_view text) {
    text = TrimAscii(text);
    WholeNumber number;
    if (text.starts_with('-') || text.starts_with('+')) {
      number.negative = text.starts_with('-');
      text.remove_prefix(1);
    }
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    number.digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
    number.negative = number.negative && !number.digits.empty();
    return number;
  }

  std::strong_ordering operator<=>(const WholeNumber& other) const {
    if (negative != other.negative) return other.negative <=> negative;
    const auto larger = std::pair(digits.size(), digits) <=> std::pair(other.digits.size(), other.digits);
    return negative ? 0 <=> larger : larger;
  }
};

/// Compares two texts that are numbers; nothing if one of them is none. Whole numbers that a double cannot tell apart
/// differ.
std::optional<std::partial_ordering> CompareNumbers(std::string_view left, std::string_view right) {
  if (const auto a = WholeNumber::Of(left), b = WholeNumber::Of(right); a && b) return *a <=> *b;
  const auto a = Number(left), b = Number(right);
  if (!a || !b) return std::nullopt;
  return *a <=> *b;
}

/// The truth value that a text spells, as JSON (true), Python (True) and spreadsheets (TRUE) do.
std::optional<bool> BooleanWord(std::string_view text) {
  const std::string lowered = LowerAscii(TrimAscii(text));
  if (lowered == "true") return true;
  if (lowered == "false") return false;
  return std::nullopt;
}

/// Returns true if a value is what a condition compares it with.
bool Equals(const Value& value, const std::string& wanted) {
  if (value.kind == Value::Kind::kList) return std::ranges::find(value.items, wanted) != value.items.end();
  if (const auto order = CompareNumbers(value.text, wanted)) return *order == std::partial_ordering::equivalent;
  const auto right = Number(wanted);
  const auto is = BooleanWord(value.text), asked = BooleanWord(wanted);
  if (is && asked) return *is == *asked;
  if (value.kind == Value::Kind::kBool && is && right) return *right == (*is ? 1.0 : 0.0);  // as in Python
  return TrimAscii(value.text) == wanted;
}

bool Truthy(const Value& value) {
  if (value.kind == Value::Kind::kMissing) return false;
  if (value.kind == Value::Kind::kList) return !value.items.empty();
  if (value.kind == Value::Kind::kOther || value.kind == Value::Kind::kShares) return true;
  const std::string text = LowerAscii(TrimAscii(value.text));
  if (text.empty() || text == "false" || text == "no" || text == "null" || text == "none" || text == "nan")
    return false;
  const auto number = Number(text);
  return !number || *number != 0;
}

/// Returns true if a condition has the word `or` between spaces, or `||`, and not in a value in quotes.
bool HasAlternatives(std::string_view condition) {
  const size_t at = std::min(condition.find_first_of("<>="), condition.size());
  std::string_view value = condition.substr(at);
  while (!value.empty() && std::string_view("<>= ").find(value.front()) != std::string_view::npos) {
    value.remove_prefix(1);
  }
  const bool quoted = value.size() > 1 && (value.front() == '"' || value.front() == '\'') &&
                      value.find(value.front(), 1) == value.size() - 1;
  const std::string outside = LowerAscii(quoted ? condition.substr(0, at) : condition);
  return outside.find(" or ") != std::string::npos || outside.find("||") != std::string::npos;
}

/// Cuts an expression at commas and at the word `and`, outside quotes. A quote opens only where a value begins: that of
/// O'Brien is a character. Nothing if a quote is never closed.
std::optional<std::vector<std::string_view>> Conditions(std::string_view expression) {
  std::vector<std::string_view> parts;
  char quote = 0;
  bool value_begins = false;
  size_t from = 0;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const bool opens = value_begins && (c == '"' || c == '\'');
    value_begins = quote == 0 && (c == '=' || c == '<' || c == '>' || (value_begins && c == ' '));
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (opens) {
      quote = c;
    } else if (c == ',') {
      parts.push_back(TrimAscii(expression.substr(from, i - from)));
      from = i + 1;
    } else if (c == ' ' && LowerAscii(expression.substr(i, 4)) == " and" &&
               (i + 4 >= expression.size() || expression[i + 4] == ' ')) {
      parts.push_back(TrimAscii(expression.substr(from, i - from)));
      from = std::min(i + 4, expression.size());
      i += 3;
    }
  }
  if (quote != 0) return std::nullopt;
  parts.push_back(TrimAscii(expression.substr(from)));
  return parts;
}

std::string_view Unquoted(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

/// Returns true if a value satisfies the condition.
bool Holds(const Filter::Condition& condition, const Value& value) {
  using Op = Filter::Op;
  if (condition.op == Op::kTrue) return Truthy(value);
  if (condition.op == Op::kFalse) return !Truthy(value);
  if (condition.op == Op::kEqual || condition.op == Op::kNotEqual) {
    return Equals(value, condition.value) == (condition.op == Op::kEqual);
  }
  const auto order = CompareNumbers(value.text, condition.value);
  if (!order) return false;
  switch (condition.op) {
    case Op::kLess:
      return *order < 0;
    case Op::kLessEqual:
      return *order <= 0;
    case Op::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

}  // namespace

Result<Filter> Filter::Parse(std::string_view expression) {
  Filter filter;
  if (TrimAscii(expression).empty()) return filter;
  // The longer operators first, so that `<=` is not read as `<`.
  static constexpr std::array<std::pair<std::string_view, Op>, 7> kOperators = {{{"!=", Op::kNotEqual},
                                                                                 {"==", Op::kEqual},
                                                                                 {"<=", Op::kLessEqual},
                                                                                 {">=", Op::kGreaterEqual},
                                                                                 {"=", Op::kEqual},
                                                                                 {"<", Op::kLess},
                                                                                 {">", Op::kGreater}}};
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "filter '" + std::string(expression) + "': " + why,
                "write conditions such as 'verified', 'lang=en' or 'chars<320', and join them with commas or 'and'");
  };
  const std::optional<std::vector<std::string_view>> parts = Conditions(expression);
  if (!parts) return bad("a quote is never closed");
  for (const std::string_view part : *parts) {
    if (part.empty()) return bad("a condition is empty");
    if (HasAlternatives(part)) {
      return Fail(
          ErrorCode::kInvalidArgument,
          "filter '" + std::string(expression) +
              "': 'or' is not supported; a row is kept if it satisfies all conditions",
          "exclude values with !=, or run 'winnow data filter' once for each alternative; a value that contains "
          "the word must be in quotes: title='now or never'");
    }
    Condition condition;
    condition.text = part;
    const size_t at = part.find_first_of("<>=!", part.starts_with('!') ? 1 : 0);
    if (at == std::string_view::npos) {
      condition.op = part.starts_with('!') ? Op::kFalse : Op::kTrue;
      condition.field = TrimAscii(part.substr(part.starts_with('!') ? 1 : 0));
    } else {
      const auto found =
          std::ranges::find_if(kOperators, [&](const auto& op) { return part.substr(at).starts_with(op.first); });
      if (found == kOperators.end()) return bad("'" + std::string(part) + "' has no known operator");
      condition.field = TrimAscii(part.substr(0, at));
      condition.op = found->second;
      condition.value = Unquoted(TrimAscii(part.substr(at + found->first.size())));
      const bool order = condition.op >= Op::kLess;
      if (order && !Number(condition.value)) return bad("'" + condition.value + "' is not a number");
    }
    if (condition.field.empty() || condition.field.starts_with('!')) {
      return bad("'" + std::string(part) + "' has no field name");
    }
    filter.conditions_.push_back(std::move(condition));
  }
  return filter;
}

std::optional<double> Filter::NumberIn(std::string_view text) {
  text = TrimAscii(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::optional<double> number = ParseNumber<double>(text);
  if (number && std::isnan(*number))
    return std::nullopt;  // how pandas spells a missing value; it equals itself as a text
  return number;
}

Value Filter::ValueOf(const Condition& condition, const Record& record, std::string_view text) {
  if (const Value* value = record.Find(condition.field)) return *value;
  if (condition.field == "chars") return {Value::Kind::kNumber, std::to_string(CountCodePoints(text)), {}};
  return {};
}

bool Filter::Satisfies(const Condition& condition, const Record& record, std::string_view text) {
  const Value* const found = record.Find(condition.field);
  return Holds(condition, found != nullptr ? *found : ValueOf(condition, record, text));
}

bool Filter::Keeps(const Record& record, std::string_view text) const {
  return std::ranges::all_of(conditions_,
                             [&](const Condition& condition) { return Satisfies(condition, record, text); });
}

std::vector<std::string> Filter::fields() const {
  std::vector<std::string> names;
  for (const Condition& condition : conditions_) names.push_back(condition.field);
  return names;
}

}  // namespace winnow
