/// Detection of the text and label fields of a file by their usual names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// Usual names, compared without case: label, category, intent...; text, message, raw_input...
bool IsLabelName(std::string_view name);
bool IsTextName(std::string_view name);

/// The user's settings for a file's fields; fields whose setting is empty are found by name.
struct FieldWishes {
  std::string text_field;
  std::vector<std::string> label_fields;     ///< the label field, or several 0/1 columns of a multi-label set
  std::vector<std::string> template_fields;  ///< fields of the text template, used in place of text_field
  std::vector<std::string> filter_fields;    ///< fields of the filter, which must exist and are never labels
  bool labels_needed = true;
  bool single_label = false;  ///< whether several 0/1 columns are never read as labels
};

/// The fields of one file.
struct FieldRoles {
  std::string text_field;                 ///< empty with a template
  std::vector<std::string> label_fields;  ///< one, or several 0/1 columns; empty for unlabelled texts
  std::vector<std::string> warnings;
};

/// Decides on the roles from the reader's columns and its first records. A file without a header and with two columns
/// has its label in the one whose values recur. Errors: kInvalidData, listing the columns, where nothing fits.
Result<FieldRoles> ResolveFields(const RecordReader& reader, std::span<const Record> sample, const FieldWishes& wishes);

/// 0 and 1 as people write them in columns: 0, 1, 0.0, 1.0, true, false. -1 for anything else.
int ZeroOrOne(const Value& value);

}  // namespace winnow
