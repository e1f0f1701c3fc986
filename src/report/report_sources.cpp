#include "report/report_sources.h"

#include <algorithm>
#include <map>
#include <utility>

#include "data/file_scan.h"
#include "data/record.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

using RowSources = std::map<std::pair<std::string, size_t>, std::string>;

Result<void> AddSources(const fs::path& file, const std::string& column, const FieldNames& fields,
                        const FormatWishes& format, RowSources& sources) {
  std::vector<std::string> known = fields.labels;
  known.push_back(column);
  if (!fields.text.empty()) known.push_back(fields.text);
  const auto reader = TRY(OpenRecords(file, {.wishes = format, .known_names = known}));
  const std::vector<std::string> columns = reader->columns();
  if (!columns.empty() && std::ranges::find(columns, column) == columns.end()) return {};
  Record record;
  while (true) {
    const RecordReader::Step step = TRY(reader->Next(record));
    if (step == RecordReader::Step::kEnd) return {};
    if (step == RecordReader::Step::kBadRow) continue;
    const Value* value = record.Find(column);
    if (value != nullptr && !value->text.empty()) sources[{file.string(), record.row}] = value->text;
  }
}

}  // namespace

Result<std::vector<std::string>> SourcesOf(std::span<const fs::path> files, const FieldNames& fields,
                                           const FormatOptions& format, const Dataset& dataset,
                                           const std::string& column) {
  if (fields.text == column || std::ranges::find(fields.labels, column) != fields.labels.end()) {
    return std::vector<std::string>{};
  }
  const FormatWishes wishes = TRY(FormatWishesOf(format));
  RowSources by_row;
  for (const fs::path& file : files) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) return std::vector<std::string>{};
    TRY(AddSources(file, column, fields, wishes, by_row));
  }
  std::vector<std::string> sources;
  if (by_row.empty()) return sources;
  for (const Example& example : dataset.examples) {
    const auto found = by_row.find({example.file, example.row});
    sources.push_back(found == by_row.end() ? "(none)" : found->second);
  }
  return sources;
}

}  // namespace winnow
