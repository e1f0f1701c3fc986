/// `--filter`: keeps rows by their fields: "execution_success", "lang=en and chars<320".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// A conjunction of conditions, divided by commas or the word `and`. A condition is a field, true unless it is missing,
/// empty, 0, false, no, null or nan; `!field`, its opposite; or `field OP value` with OP one of = == != < <= > >=.
/// Values may stand in single or double quotes. Values that are numbers on both sides compare as numbers; an order asks
/// for numbers, and a field that holds none fails it. `chars`, unless a field has that name, is the text's length in
/// code points. Thread-safe when const.
class Filter {
 public:
  /// The empty expression keeps everything. Errors: kInvalidArgument, with the place.
  static Result<Filter> Parse(std::string_view expression);

  /// `text` is the record's text, for `chars`.
  bool Keeps(const Record& record, std::string_view text) const;

  /// The names of the fields that it looks at.
  std::vector<std::string> fields() const;

 private:
  enum class Op { kTrue, kFalse, kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  struct Condition {
    std::string field;
    Op op = Op::kTrue;
    std::string value;
  };
  static bool Holds(const Condition& condition, const Value& value);

  std::vector<Condition> conditions_;
};

}  // namespace winnow
