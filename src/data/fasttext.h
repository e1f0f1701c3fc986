/// Formats with one text per line: fastText's labelled lines (Joulin et al. 2017) and plain lines.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

inline constexpr std::string_view kFastTextPrefix = "__label__";
/// Description of plain lines in reports.
inline constexpr std::string_view kPlainLines = "plain lines";

/// Creates a reader of fastText lines. Records have the fields "text" and "label", a list: as in fastText, every word
/// of the line that begins with `__label__` is a label, and the rest is the text.
Result<std::unique_ptr<RecordReader>> MakeFastTextReader(TextStream stream);

/// Creates a reader of plain lines. Records have one field, "text". Blank lines are records too, so that predictions
/// have the numbers of their lines. `notes` are the reader's notes.
Result<std::unique_ptr<RecordReader>> MakeLinesReader(TextStream stream, std::vector<std::string> notes = {});

}  // namespace winnow
