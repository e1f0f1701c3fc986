/// Changes of rows of a data file: removal, and other labels. All other bytes of the file stay as they are.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// Rows by their numbers (DataRow::row).
struct RowChanges {
  std::set<size_t> removed;
  std::map<size_t, std::vector<std::string>> labels;  ///< the labels that rows get; empty: none
};

/// Writes the contents of `file` with the changes to `output`, which must be another file with the same extension (of
/// the same file system). Afterwards it is read, and must have exactly the texts and labels that it should have. Rows
/// of tables, of JSON Lines, of fastText files and of plain lines can be removed, and except for the last get other
/// labels; also in gzip files. Items of JSON documents can be removed, and the document is written again. Errors:
/// kInvalidArgument for a row that the file does not have; kUnsupported for what the format does not allow; kCancelled
/// once `stopped` returns true; those of DataScan; kIo.
Result<void> WriteChangedRows(const std::filesystem::path& file, const ReadOptions& options, const RowChanges& changes,
                              const std::filesystem::path& output, const std::function<bool()>& stopped);

}  // namespace winnow
