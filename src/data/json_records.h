/// Records from JSON: one object per line (JSON Lines), or one document.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// Creates a reader of one object per line. Blank lines are skipped; a line that is not an object is an unreadable row.
Result<std::unique_ptr<RecordReader>> MakeJsonLinesReader(TextStream stream);

/// Returns true if the members of a document are columns of one table, as pandas and datasets write them: lists of the
/// same length, or objects with the same keys, of which at least one contains scalars (a list of rows is not a column).
/// The keys of a single object must be row numbers.
bool HoldsColumns(const Json& json);

/// Returns what a document is if it is a table in a form that is not read, and how to write it in one that is: columns
/// of different lengths, and the forms of pandas' orient='split' and orient='index'. Nothing for any other document.
std::optional<Error> UnreadForm(const Json& json);

/// Returns true if the document is a list of texts.
bool HoldsTexts(const Json& json);

/// Creates a reader of a whole document: a document by columns (HoldsColumns), a list of objects, of texts or of
/// [text, label] pairs, or an object that contains such lists by split, as in CLINC150 ({"train": [[text, intent],
/// ...], "test": ...}); the split's name is then the field "split". The document is held in memory. Errors:
/// kInvalidData if the document is not valid JSON or has another structure.
Result<std::unique_ptr<RecordReader>> MakeJsonDocumentReader(TextStream stream);

}  // namespace winnow
