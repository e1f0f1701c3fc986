/// Removal of rows from a data file, which otherwise stays as it is, byte for byte.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "data/rows.h"

namespace winnow {

struct RowRemoval {
  size_t rows = 0, removed = 0;
  std::string sha256_before, sha256_after;  ///< digests of the file
};

/// Removes the rows for which `remove` returns true, and replaces the file (base/replace_file.h); with `dry_run` it
/// only counts them. A row's text is that of options.text_field, of a field that is found by name, or of the template.
/// All other bytes stay, also those of rows that cannot be read; of a gzip file, after decompression. A JSON document
/// is written again as one. A file whose rows are all removed keeps its header, or is empty. Errors: those of reading
/// data files; kUnsupported for UTF-16; kIo.
Result<RowRemoval> RemoveRows(const std::filesystem::path& file, const ReadOptions& options, bool dry_run,
                              const std::function<bool(const Row& row)>& remove);

}  // namespace winnow
