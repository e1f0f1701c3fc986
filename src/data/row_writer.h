/// Writing of rows to files that Winnow and spreadsheets read back unchanged.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/spill_file.h"
#include "data/record.h"

namespace winnow {

/// Collects rows and writes them as TSV, CSV or JSON lines, according to the file's extension. More rows than memory
/// should hold wait in a temporary file in the directory of the output. Any text can be written
/// and read back unchanged, including tabs, quotes and line ends:
/// - CSV follows RFC 4180: a field that contains a comma, a quote or a line end is quoted, and quotes in
///   it are doubled.
/// - TSV is plain unless a field contains a tab or a line end, or begins with a quote. In that case such fields are
///   quoted as in CSV, and all fields of the header are: readers recognize quoting by the header, since quotes in a TSV
///   are otherwise plain characters.
/// - JSON lines keep numbers, booleans, lists and objects as they are.
/// Of several fields of one name, tables have a column each, and JSON lines number the second and later ones as pandas
/// does: text, text.1.
/// In TSV and CSV a list of one item is written as that item. Not thread-safe.
class RowWriter {
 public:
  /// Creates a writer of the file. Errors: kInvalidArgument for another extension than .tsv, .csv, .jsonl, .ndjson.
  static Result<RowWriter> For(const std::filesystem::path& path);

  /// Adds a row. An error, such as a full disk, is returned by Write.
  void Add(std::span<const Field> fields);
  size_t rows() const { return rows_.count(); }

  /// Writes the file as WriteOutputFile does; a table's columns are all fields of the rows, in order of appearance.
  /// Errors: kIo; kNotFound if the directory is missing; kInvalidData if a row has a list of several items, which a
  /// table cannot represent.
  Result<void> Write() const;

  /// Returns the names of fields that were left out because they contain objects or lists of objects, which tables
  /// cannot represent.
  const std::set<std::string>& left_out() const { return left_out_; }

 private:
  RowWriter(std::filesystem::path path, char delimiter)
      : path_(std::move(path)), delimiter_(delimiter), rows_(path_.parent_path()) {}
  void AppendCell(const Field& field, size_t earlier, std::string& row);
  Result<void> WriteTable() const;

  std::filesystem::path path_;
  char delimiter_;  // 0: JSON lines
  std::vector<std::string> columns_;
  SpillFile rows_;             // JSON lines, or the cells of each row
  bool needs_quotes_ = false;  // a cell would not be read back from a plain line
  Result<void> error_;         // the first of Add
  std::set<std::string> left_out_;
};

/// Returns a text field, for rows that are not read from a file.
Field TextField(std::string name, std::string text);

}  // namespace winnow
