/// `--template '{subject} [SEP] {body:400}'`: one text from several fields.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Literal text; `{field}`; `{field:N}`, its first N Unicode code points; `[SEP]`, the division between two segments,
/// with the spaces around it; `{{` and `}}` for braces. Thread-safe when const.
class TextTemplate {
 public:
  /// Errors: kInvalidArgument for a brace that is not closed, no field at all, or a limit that is not a number.
  static Result<TextTemplate> Parse(std::string_view pattern);

  /// `find` gives a field's UTF-8 text, or an empty view when it is missing. Appends to `text`; a segment's division is
  /// kSegmentSeparator (text/segments.h), which within a field becomes a space. The letters [SEP] in a field stay text.
  /// Returns whether any field held more than white space.
  bool Render(const std::function<std::string_view(std::string_view)>& find, std::string& text) const;

  /// The names of its fields, each once.
  std::vector<std::string> fields() const;
  /// How many segments its divisions make; 1 without one.
  size_t segments() const;

 private:
  struct Part {
    std::string literal;  // the text of a part without a field
    std::string field;
    size_t limit = 0;  // code points
  };
  std::vector<Part> parts_;
};

}  // namespace winnow
