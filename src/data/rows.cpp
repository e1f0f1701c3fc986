#include "data/rows.h"

#include "base/streams.h"
#include "data/file_scan.h"

namespace winnow {
namespace {

using TakeRow = std::function<Result<void>(const Row& row)>;

/// The name to write for a column of a file that only numbers them. A template's user names the numbers.
std::string NameOf(const std::string& column, const FileReport& file, const ReadOptions& options) {
  if (!options.template_text.empty()) return column;
  if (column == file.text_field) return "text";
  if (file.label_fields.size() == 1 && column == file.label_fields[0]) return "label";
  return "column_" + column;
}

Result<void> TakeAll(FileScan& scan, const FileReport& file, const ReadOptions& options, const TakeRow& take) {
  std::vector<Field> renamed;
  for (;;) {
    const FileScan::Outcome outcome = TRY(scan.Next());
    if (outcome == FileScan::Outcome::kEnd) return {};
    if (outcome == FileScan::Outcome::kDropped) continue;
    std::span<const Field> fields = scan.fields();
    if (scan.numbered_columns()) {
      renamed.assign(fields.begin(), fields.end());
      for (Field& field : renamed) field.name = NameOf(field.name, file, options);
      fields = renamed;
    }
    TRY(take({file.file, scan.row, scan.text, fields}));
  }
}

/// Opens a file as labelled texts, or, where it has no labels and nobody said that it had, as texts.
Result<FileScan> OpenEither(const std::filesystem::path& path, const ReadPlan& labelled, const ReadPlan& unlabelled,
                            ReadReport& report) {
  const ReadReport before = report;
  Result<FileScan> scan = FileScan::Open(path, labelled, report);
  if (scan || scan.error().code != ErrorCode::kInvalidData || !labelled.wishes.label_fields.empty()) return scan;
  if (!CanBeReadTwice(path)) return scan;  // the first rows are gone
  ReadReport other = before;
  std::swap(report, other);
  Result<FileScan> again = FileScan::Open(path, unlabelled, report);
  if (again) return again;
  std::swap(report, other);
  return scan;
}

}  // namespace

Result<void> ForEachRow(std::span<const std::filesystem::path> files, const ReadOptions& options, ReadReport& report,
                        const TakeRow& take) {
  report = {};
  if (files.empty())
    return Fail(ErrorCode::kInvalidArgument, "no data file is specified", "specify at least one data file");
  const ReadPlan labelled = TRY(MakeReadPlan(options, true));
  const ReadPlan unlabelled = TRY(MakeReadPlan(options, false));
  bool filter_keeps_a_row = false;
  std::string filter_advice;
  for (const std::filesystem::path& path : files) {
    FileScan scan = TRY(OpenEither(path, labelled, unlabelled, report));
    const FileReport& file = report.files.back();
    TRY(TakeAll(scan, file, options, take));
    const std::string advice = scan.filter_advice();
    filter_keeps_a_row |= advice.empty();
    if (filter_advice.empty()) filter_advice = advice;
  }
  if (!filter_keeps_a_row) {
    return Fail(ErrorCode::kInvalidData, "none of " + std::to_string(report.rows()) + " rows is kept by --filter",
                filter_advice);
  }
  return {};
}

Result<void> ForRowsOf(std::span<const std::filesystem::path> files, const ReadOptions& options,
                       const std::map<RowPlace, size_t>& places,
                       const std::function<void(size_t part, std::span<const Field> fields)>& take) {
  ReadReport report;
  size_t found = 0;
  const ReadPlan plan = TRY(MakeReadPlan(options, true));
  for (const std::filesystem::path& path : files) {
    FileScan scan = TRY(FileScan::Open(path, plan, report));
    TRY(TakeAll(scan, report.files.back(), options, [&](const Row& row) -> Result<void> {
      const auto place = places.find({std::string(row.file), row.row});
      if (place == places.end()) return {};
      ++found;
      take(place->second, row.fields);
      return {};
    }));
  }
  if (found != places.size()) {
    return Fail(ErrorCode::kInvalidData,
                std::to_string(places.size() - found) +
                    " rows have disappeared: a data file was changed while it was being read",
                "run the command again while nothing changes the files");
  }
  return {};
}

}  // namespace winnow
