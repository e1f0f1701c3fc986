/// `--template '{subject} [SEP] {body:400}'`: making one text of several fields.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A pattern of literal text; `{field}`; `{field:N}`, the first N Unicode code points of a field; `[SEP]`, the
/// separator of two segments, with the spaces around it; `{{` and `}}` for braces. Thread-safe when const.
class TextTemplate {
 public:
  /// Parses a pattern. Errors: kInvalidArgument for a brace that is not closed, no field at all, or a limit that is not
  /// a number.
  static Result<TextTemplate> Parse(std::string_view pattern);

  /// Appends the text that the template makes to `text`. `find` returns a field's UTF-8 text, or an empty view if it is
  /// missing. Segments are separated by kSegmentSeparator (text/segments.h), which within a field becomes a space. The
  /// letters [SEP] in a field stay text. Returns true if any field contains more than white space.
  bool Render(const std::function<std::string_view(std::string_view)>& find, std::string& text) const;

  /// Returns the names of the fields in the template, each once.
  std::vector<std::string> fields() const;
  /// Returns the number of segments of the texts; 1 without a separator.
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
