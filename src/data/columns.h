/// Detection of the text and label fields of a file by their usual names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// Return true for usual field names, ignoring case. Labels: label, category, intent...; texts: text, message,
/// raw_input...
bool IsLabelName(std::string_view name);
bool IsTextName(std::string_view name);

/// The user's settings for a file's fields; fields whose setting is empty are found by name.
struct FieldWishes {
  std::string text_field;
  std::vector<std::string> label_fields;     ///< the label field, or several 0/1 columns of a multi-label set
  std::vector<std::string> template_fields;  ///< fields of the text template, used in place of text_field
  std::vector<std::string> filter_fields;    ///< fields of the filter, which must exist and are never labels
  bool labels_needed = true;
  bool single_label = false;  ///< true if several 0/1 columns are never read as labels
  bool no_header = false;     ///< true if the user said that the first row of a table is data
};

/// The fields of one file.
struct FieldRoles {
  std::string text_field;                 ///< field of the text; empty with a template
  std::vector<std::string> label_fields;  ///< field of the label, or several 0/1 columns; empty for unlabelled texts
  std::vector<std::string> warnings;
  std::vector<std::string> notes = {};  ///< which column was taken of several with usual names, as sentences
};

/// Determines the roles from the reader's columns and its first records. In a file without a header and with two
/// columns, the label is in the column whose values recur. Errors: kInvalidData, listing the columns, if no column is
/// suitable.
Result<FieldRoles> ResolveFields(const RecordReader& reader, std::span<const Record> sample, const FieldWishes& wishes);

/// Returns 0 or 1 for a value as people write it in columns: 0, 1, 0.0, 1.0, true, false. Returns -1 for any other
/// value.
int ZeroOrOne(const Value& value);

}  // namespace winnow
