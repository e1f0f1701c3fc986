#include "workspace/data_preview.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "data/record.h"
#include "text/text_parts.h"
#include "workspace/client_words.h"
#include "workspace/data_scan.h"
#include "workspace/data_summary.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxCellCharacters = 2000;  // of a cell
constexpr size_t kMostColumns = 200;
constexpr size_t kMostRows = 1000;              // that are read to find problems
constexpr size_t kMostBytes = size_t{4} << 20;  // of their texts
constexpr std::string_view kNoNames = "The first row cannot be the names of the columns: its values occur again below.";

const char* NameOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf16Le:
      return "utf-16le";
    case Encoding::kUtf16Be:
      return "utf-16be";
    case Encoding::kWindows1252:
      return "windows-1252";
    case Encoding::kLatin1:
      return "latin-1";
    case Encoding::kUtf8:
      break;
  }
  return "utf-8";
}

const char* NameOf(const RecordReader& reader) {
  switch (reader.format()) {
    case Format::kJsonLines:
      return "jsonl";
    case Format::kJson:
      return "json";
    case Format::kFastText:
      return "fasttext";
    case Format::kLines:
      return "lines";
    default:
      return reader.dialect() != nullptr && reader.dialect()->delimiter == '\t' ? "tsv" : "csv";
  }
}

bool HasOneColumn(const Dialect& dialect) { return dialect.columns.size() == 1; }

std::string DelimiterName(char delimiter) {
  constexpr std::array<std::pair<char, std::string_view>, 5> kNames = {
      {{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}, {' ', "spaces"}}};
  const auto found = std::ranges::find(kNames, delimiter, &std::pair<char, std::string_view>::first);
  return found != kNames.end() ? std::string(found->second) : fmt::format("'{}'", delimiter);
}

/// The cells of the first rows.
struct Cells {
  std::unique_ptr<RecordReader> reader;
  std::vector<std::string> columns;
  std::vector<Record> rows;
  bool lines_only = false;  // the file has another format, which could not be told
};

std::string CellText(const Value& value) {
  std::string text = value.text;
  if (text.empty() && !value.items.empty()) text = fmt::format("[{}]", fmt::join(value.items, ", "));
  return std::string(FirstCodePoints(text, kMaxCellCharacters));
}

Result<Cells> ReadCells(const fs::path& file, const OpenOptions& options, size_t limit) {
  Cells cells{.reader = TRY(OpenRecords(file, options)), .columns = {}, .rows = {}};
  size_t bad_rows = 0;
  while (cells.rows.size() < limit && bad_rows < kMostRows) {
    Record record;
    const Result<RecordReader::Step> step = cells.reader->Next(record);
    // The scan of the examples reports the error; the rows before it are shown.
    if (!step || *step == RecordReader::Step::kEnd) break;
    if (*step == RecordReader::Step::kBadRow) {
      ++bad_rows;
      continue;
    }
    cells.rows.push_back(std::move(record));
  }
  cells.columns = cells.reader->columns();
  if (cells.columns.empty()) {
    std::set<std::string> seen;
    for (const Record& row : cells.rows) {
      for (const Field& field : row.fields) {
        if (!field.inner && seen.insert(field.name).second) cells.columns.push_back(field.name);
      }
    }
  }
  return cells;
}

/// Opens the file as examples are read; with `header`, also its first row as names.
Result<Cells> CellsOf(const fs::path& file, const ReadOptions& options, std::optional<bool> header, bool labelled,
                      size_t limit) {
  const ReadPlan plan = TRY(ServerReadPlan(options, labelled));
  OpenOptions open{.wishes = plan.format, .allow_lines = !labelled && options.text_field.empty(), .known_names = {}};
  open.known_names = plan.wishes.label_fields;
  if (!options.text_field.empty()) open.known_names.push_back(options.text_field);
  Result<Cells> cells = ReadCells(file, open, limit);
  if (!cells && open.wishes.format == Format::kAuto && cells.error().code == ErrorCode::kInvalidData) {
    // No columns were found, which may be wrong: the lines show what there is.
    open.wishes.format = Format::kLines;
    Result<Cells> lines = ReadCells(file, open, limit);
    if (lines) lines->lines_only = true;
    return lines;
  }
  if (cells && header.value_or(false) && cells->reader->dialect() != nullptr && !cells->reader->has_header() &&
      !cells->rows.empty()) {
    for (const Field& field : cells->rows.front().fields) {
      open.known_names.push_back(std::string(TrimAscii(field.value.text)));
    }
    return ReadCells(file, open, limit);
  }
  return cells;
}

Json CellsJson(const Cells& cells) {
  Json rows = Json::array();
  const size_t width = std::min(cells.columns.size(), kMostColumns);
  const bool table = !cells.reader->columns().empty();
  for (const Record& record : cells.rows) {
    Json row = Json::array();
    for (size_t i = 0; i < width; ++i) {
      // Two columns of a table may have one name.
      const Value* const value = table ? &record.fields[i].value : record.Find(cells.columns[i]);
      row.push_back(value == nullptr || value->kind == Value::Kind::kMissing ? Json() : Json(CellText(*value)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json OptionsJson(const RecordReader& reader) {
  const Dialect* const dialect = reader.dialect();
  Json options = {{"format", NameOf(reader)},
                  {"delimiter", nullptr},
                  {"quoting", nullptr},
                  {"header", nullptr},
                  {"encoding", NameOf(reader.stream().encoding())},
                  {"text_field", nullptr},
                  {"label_field", nullptr}};
  if (dialect == nullptr) return options;
  if (!HasOneColumn(*dialect)) {
    options["delimiter"] = dialect->delimiter == '\t' ? std::string("tab") : std::string(1, dialect->delimiter);
  }
  options["quoting"] = dialect->quotes ? "csv" : "none";
  options["header"] = dialect->header;
  return options;
}

/// Says how the file is read, as far as the user did not specify it.
void AddNotes(const RecordReader& reader, const ReadOptions& options, std::optional<bool> header, Json& notes) {
  const auto add = [&](std::string text) { notes.push_back(Sentence(std::move(text), fs::path())); };
  if (reader.stream().gzip()) add("The file is compressed with gzip");
  const Dialect* const dialect = reader.dialect();
  if (dialect == nullptr) {
    if (options.format.format.empty()) add(fmt::format("The file is read as {}", reader.Description()));
    return;
  }
  if (options.format.delimiter.empty()) {
    add(HasOneColumn(*dialect) ? std::string("The file has one column")
                               : fmt::format("The columns are divided by {}", DelimiterName(dialect->delimiter)));
  }
  if (header.value_or(false) && !dialect->header) {
    add(std::string(kNoNames));
  } else if (!header) {
    add(dialect->header ? "The first row has the names of the columns"
                        : "The first row is a row of data like the others");
  }
  for (const std::string& note : dialect->notes) add(note);
}

struct Examples {
  Json examples = Json::array(), problems = Json::array();
};

/// Reads the first rows as examples, and the first problems.
Result<Examples> ExamplesOf(DataScan& scan, size_t limit) {
  Examples found;
  size_t rows = 0, bytes = 0;
  while (rows < std::max(limit, kMostRows) && bytes < kMostBytes) {
    const DataScan::Step step = TRY(scan.Next());
    if (step == DataScan::Step::kEnd) break;
    ++rows;
    if (step != DataScan::Step::kRow) continue;
    const DataRow row = scan.row();
    bytes += row.text.size();
    if (found.examples.size() >= limit) continue;
    found.examples.push_back(
        {{"row", row.row}, {"text", FirstCodePoints(row.text, kMaxCellCharacters)}, {"label", LabelJson(row.labels)}});
  }
  return found;
}

void AddExamples(const fs::path& file, const ReadOptions& read, DataScan& scan, size_t limit, Json& preview) {
  Result<Examples> examples = ExamplesOf(scan, limit);
  if (examples) {
    preview["examples"] = std::move(examples->examples);
  } else {
    preview["error"] = Sentence(OneLine(examples.error()), file);
  }
  for (const FileScan::DroppedRow& row : scan.scan().first_dropped()) {
    if (!scan.labelled() && row.reason == DropReason::kNoLabel) continue;
    preview["problems"].push_back({{"row", row.row}, {"message", Sentence(row.why, file)}});
  }
  const FileReport& report = scan.report().files.back();
  Json& options = preview["options"];
  options["text_field"] = report.text_field;
  if (!report.label_fields.empty()) options["label_field"] = fmt::format("{}", fmt::join(report.label_fields, ","));
  Json& notes = preview["notes"];
  for (const std::string& note : report.notes) notes.push_back(Sentence(note, file));
  for (const std::string& warning : scan.report().warnings) notes.push_back(Sentence(warning, file));
  if (read.text_field.empty() && report.text_field != "text") {
    notes.push_back(fmt::format("The texts are in the column '{}'.", report.text_field));
  }
  if (read.label_field.empty() && report.label_fields.size() == 1 && report.label_fields.front() != "label") {
    notes.push_back(fmt::format("The labels are in the column '{}'.", report.label_fields.front()));
  }
  if (report.texts_with_nul > 0) {
    notes.push_back("Texts contain zero bytes, so this may not be a text file.");
  }
  if (scan.labelled()) return;
  notes.push_back("No column of labels was found, so the texts have no labels. If a column has them, choose it.");
}

struct ExampleScan {
  bool labelled = true;
  std::optional<Error> error;  // why there is no scan
};

/// Reads the examples into `preview`. Errors: other ones than kInvalidData.
Result<ExampleScan> ScanExamples(const fs::path& file, const ReadOptions& options, size_t limit, Json& preview) {
  Result<DataScan> scan = DataScan::Open(file, options);
  if (!scan && scan.error().code != ErrorCode::kInvalidData) return std::unexpected(ForClients(scan.error(), file));
  if (!scan) return ExampleScan{.labelled = true, .error = scan.error()};
  AddExamples(file, options, *scan, limit, preview);
  return ExampleScan{.labelled = scan->labelled(), .error = std::nullopt};
}

}  // namespace

Result<Json> PreviewOf(const fs::path& file, const ReadOptions& options, std::optional<bool> header, size_t limit) {
  Json preview = {{"options", Json::object()}, {"columns", Json::array()}, {"cells", Json::array()},
                  {"examples", Json::array()}, {"notes", Json::array()},   {"problems", Json::array()},
                  {"error", nullptr}};
  // The examples are read first, so that a document is in memory once.
  Json found = preview;
  const ExampleScan scan = TRY(ScanExamples(file, options, limit, found));
  const Result<Cells> cells = CellsOf(file, options, header, scan.labelled, limit);
  if (!cells) {
    preview["error"] = Sentence(OneLine(scan.error.value_or(cells.error())), file);
    return preview;
  }
  preview["options"] = OptionsJson(*cells->reader);
  if (cells->lines_only) preview["options"]["format"] = nullptr;
  preview["options"].update(found["options"]);
  for (const std::string& name : std::span(cells->columns).first(std::min(cells->columns.size(), kMostColumns))) {
    preview["columns"].push_back(FirstCodePoints(name, kMaxCellCharacters));
  }
  preview["cells"] = CellsJson(*cells);
  if (cells->lines_only) {
    preview["notes"].push_back("No columns were found, so the lines of the file are shown.");
  } else {
    AddNotes(*cells->reader, options, header, preview["notes"]);
  }
  if (cells->columns.size() > kMostColumns) {
    preview["notes"].push_back(
        fmt::format("The file has {} columns. The first {} are shown.", cells->columns.size(), kMostColumns));
  }
  for (const Json& note : found["notes"]) preview["notes"].push_back(note);
  for (const char* const part : {"examples", "problems", "error"}) preview[part] = std::move(found[part]);
  if (!scan.error) return preview;
  preview["error"] = header.value_or(false) && cells->reader->has_header() && options.text_field.empty()
                         ? fmt::format("Choose the columns of the texts and of the labels. The columns are: {}.",
                                       fmt::join(cells->columns, ", "))
                         : Sentence(OneLine(*scan.error), file);
  return preview;
}

}  // namespace winnow
