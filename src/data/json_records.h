/// Records from JSON: one object per line (JSON Lines), or one document.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// One object per line; blank lines are skipped; a line that is not an object is a bad row.
Result<std::unique_ptr<RecordReader>> MakeJsonLinesReader(TextStream stream);

/// A whole document: a list of objects, a list of [text, label] pairs, or an object of such lists by split, as in
/// CLINC150
/// ({"train": [[text, intent], ...], "test": ...}); the split's name is then the field "split". The document is held in
/// memory. Errors: kInvalidData when it is no JSON, or of another shape.
Result<std::unique_ptr<RecordReader>> MakeJsonDocumentReader(TextStream stream);

}  // namespace winnow
