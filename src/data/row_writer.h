/// Writing of rows to files that Winnow and spreadsheets read back unchanged.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// Collects rows and writes them as TSV, CSV or JSON lines, by the file's extension. Any text survives the way out and
/// back, tabs, quotes and line ends included:
/// - CSV follows RFC 4180: a field that holds a comma, a quote or a line end is quoted, quotes within it are doubled.
/// - TSV is plain where no field needs more. Where one holds a tab or a line end, or begins with a quote, fields are
///   quoted as in CSV, and the header's all are: readers take that for the sign, since quotes in a TSV are otherwise
///   plain characters.
/// - JSON lines keep what is a number, a boolean or a list.
/// In TSV and CSV a list of one item is that item. Not thread-safe.
class RowWriter {
 public:
  /// Errors: kInvalidArgument for another extension than .tsv, .csv, .jsonl, .ndjson.
  static Result<RowWriter> For(const std::filesystem::path& path);

  void Add(std::span<const Field> fields);
  size_t rows() const { return rows_.size(); }

  /// Writes the file atomically; a table's columns are all fields that a row had, in order of appearance. Errors: kIo;
  /// kNotFound without its directory; kInvalidData where a row has a list of several items that a table can't hold.
  Result<void> Write() const;

  /// Fields that were left out since they hold objects, or lists of such: no reader makes use of them.
  const std::set<std::string>& left_out() const { return left_out_; }

 private:
  RowWriter(std::filesystem::path path, char delimiter) : path_(std::move(path)), delimiter_(delimiter) {}
  Result<void> CheckLists() const;

  std::filesystem::path path_;
  char delimiter_;  // 0: JSON lines
  std::vector<std::string> columns_;
  std::vector<std::vector<Field>> rows_;
  std::set<std::string> left_out_;
};

/// A text field, for rows that are made.
Field TextField(std::string name, std::string text);

}  // namespace winnow
