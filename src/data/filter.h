/// `--filter`: selection of rows by their fields, such as "execution_success" or "lang=en and chars<320".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// A conjunction of conditions, separated by commas or the word `and`. A condition is a field, which is true unless it
/// is missing, empty, 0, false, no, null, none or nan; `!field`, the opposite; or `field OP value` with OP one of = ==
/// != < <= > >=. Values may be in single or double quotes, and must be if they contain a comma, or the words `and` or
/// `or` between spaces. If both sides are numbers, they are compared as numbers (whole ones exactly, whatever their
/// size), and true and false in any case as truth values; < <= > >= require numbers, and a field that is not a number
/// (nan is none) does not satisfy them. `chars`, unless a field has that name, is the length of the text in code
/// points. Thread-safe when const.
class Filter {
 public:
  enum class Op { kTrue, kFalse, kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  struct Condition {
    std::string field;
    Op op = Op::kTrue;
    std::string value;
    std::string text;  ///< the condition as it was written
  };

  /// Parses an expression; the empty expression keeps all rows. Errors: kInvalidArgument, with the condition.
  static Result<Filter> Parse(std::string_view expression);

  /// Returns true if the record satisfies all conditions. `text` is the text of the record, for `chars`.
  bool Keeps(const Record& record, std::string_view text) const;

  /// Returns the names of the fields that the conditions refer to.
  std::vector<std::string> fields() const;

  /// Returns the conditions, all of which a row must satisfy.
  const std::vector<Condition>& conditions() const { return conditions_; }
  /// Returns true if the record satisfies the condition.
  static bool Satisfies(const Condition& condition, const Record& record, std::string_view text);
  /// Returns the value that the condition is about; a missing one if the record has no such field.
  static Value ValueOf(const Condition& condition, const Record& record, std::string_view text);
  /// Returns the number that a text spells; nothing for other texts and for nan.
  static std::optional<double> NumberIn(std::string_view text);

 private:
  std::vector<Condition> conditions_;
};

}  // namespace winnow
