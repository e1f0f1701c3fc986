#include "data/record.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/shell.h"
#include "data/delimited.h"
#include "data/fasttext.h"
#include "data/json_records.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// The name's extension without ".gz", in lower case: ".tsv" for "A.TSV.gz".
std::string DataExtension(const std::filesystem::path& path) {
  std::filesystem::path name = path.filename();
  if (LowerAscii(name.extension().string()) == ".gz") name = name.stem();
  return LowerAscii(name.extension().string());
}

/// Returns true if the object of a line contains lists of rows, as a document written on one line does.
bool HoldsListsOfRows(const Json& json) {
  return std::ranges::any_of(json.items(), [](const Json::Member& member) {
    const Json& value = member.second;
    return value.is_array() && !value.empty() && value[0].is_structured();
  });
}

/// Returns true if the text is a JSON list of texts in one line.
bool IsListOfTexts(std::string_view text) {
  text = TrimAscii(text);
  if (!TrimAscii(text.substr(1)).starts_with('"') || text.find('\n') != std::string_view::npos) return false;
  const Result<Json> json = ParseJsonLeniently(text);
  return json && HoldsTexts(*json);
}

/// Returns true if a column contains whole numbers, or a few words that recur, as labels do.
bool HasKeyColumn(const Dialect& dialect) {
  return std::ranges::any_of(dialect.profiles, [&](const ColumnProfile& profile) {
    if (profile.recurring.empty()) return profile.numbers && dialect.rows > 1;
    return std::ranges::none_of(profile.recurring,
                                [](const std::string& value) { return value.find(' ') != std::string::npos; });
  });
}

/// Returns true if a file without a table's name is one nevertheless. A sentence with a comma is no CSV: only a header
/// of plain names, or with all known names, above rows of as many fields, or numbers or labels before or after a tab in
/// every row, make a table of lines; and one column with a usual name only if its quotes are those of CSV.
bool IsTableBeyondDoubt(const Dialect& dialect, std::span<const std::string> known_names) {
  if (!dialect.even || dialect.skipped_lines > 0) return false;
  // The names of a template, say, all in the first line.
  if (dialect.header && dialect.rows > 1 && dialect.columns.size() > 1 && !known_names.empty() &&
      std::ranges::all_of(known_names, [&](const std::string& name) {
        return std::ranges::find(dialect.columns, name) != dialect.columns.end();
      })) {
    return true;
  }
  if (dialect.columns.size() == 1) return dialect.quotes_needed;
  if (dialect.plain_header) return dialect.rows > 1;
  return dialect.delimiter == '\t' && dialect.columns.size() == 2 && HasKeyColumn(dialect);
}

/// Returns true if lines were taken for texts although most of them contain tabs.
bool HasTabs(const std::optional<Dialect>& dialect) { return dialect && dialect->delimiter == '\t'; }

/// Decides on a table of one column without a usual name, whose lines may as well be texts with one text per line.
/// Errors: kInvalidData if its first row looks like an unusual name.
Result<void> DecideOnUnnamedColumn(const std::string& file, bool given, bool lines_allowed,
                                   std::optional<Dialect>& dialect) {
  if (!dialect || dialect->columns.size() != 1 || dialect->header) return {};
  if (dialect->unknown_header && (given || lines_allowed)) {
    const std::string name(dialect->first_name);
    return Fail(ErrorCode::kInvalidData, file + ": its first row looks like the name of its only column: " + name,
                "if so, pass --text-field " + ShellLine({name}) + "; if it is a text, pass --no-header");
  }
  if (!given && !dialect->quotes_needed) dialect.reset();
  return {};
}

/// Returns true if a text is a JSON list in one line or over several ones, not JSON lines of which the first is a list.
bool BeginsWithList(std::string_view text) {
  text = TrimAscii(text);
  if (!text.starts_with('[')) return false;
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.size() == text.size() || !ParseJsonLeniently(line);
}

/// Returns true if most lines that are not blank, and two at least, contain a label of fastText, wherever it stands:
/// not every line has to have one, and some programs write labels at the end.
bool MostLinesHaveFastTextLabels(std::string_view text) {
  size_t lines = 0, labelled = 0;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (TrimAscii(line).empty()) continue;
    ++lines;
    const size_t label = line.find(kFastTextPrefix);
    if (label == std::string_view::npos) continue;
    if (label == 0 || line[label - 1] == ' ' || line[label - 1] == '\t') ++labelled;
  }
  return labelled > 1 && 2 * labelled > lines;
}

/// Returns the format that the beginning of the contents indicates. `lines_allowed`: text that begins like JSON but is
/// not JSON counts as plain lines. `named_json`: the name of the file ends in .json.
Result<Format> GuessFormat(TextStream& stream, bool lines_allowed, bool named_json) {
  const size_t from = stream.buffered().find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return Format::kAuto;
  if (stream.buffered().substr(from).starts_with(kFastTextPrefix)) return Format::kFastText;
  const char first = stream.buffered()[from];
  if (first != '{' && first != '[') {
    return MostLinesHaveFastTextLabels(stream.buffered()) ? Format::kFastText : Format::kAuto;
  }
  // A JSON line may be longer than a piece; so may be a document in one line, which need not be read whole to tell.
  while (stream.buffered().find('\n', from) == std::string_view::npos &&
         stream.buffered().size() < stream.most_record_bytes() / 2 && TRY(stream.Fill())) {
  }
  const std::string_view text = stream.buffered().substr(from);
  const std::string_view line = TrimAscii(text.substr(0, text.find('\n')));
  const std::string_view inside = TrimAscii(line.substr(1));
  if (first == '[') {
    const bool pairs = inside.starts_with('[') && (!lines_allowed || TrimAscii(inside.substr(1)).starts_with('"'));
    const bool rows = inside.empty() || inside.starts_with('{') || pairs || named_json || IsListOfTexts(text);
    return rows ? Format::kJson : Format::kAuto;
  }
  // A whole object in the first line is JSON Lines; an object over several lines is a document.
  if (const Result<Json> json = ParseJsonLeniently(line)) {
    const bool more_lines = line.size() < TrimAscii(text).size();
    const bool document = !more_lines && (HoldsListsOfRows(*json) || HoldsColumns(*json) || UnreadForm(*json));
    return document ? Format::kJson : Format::kJsonLines;
  }
  // `{"text": "a", "lab` in the first of many lines is a bad JSON line rather than a document.
  if (lines_allowed && !inside.empty() && !inside.starts_with('"')) return Format::kAuto;
  const bool pretty = inside.empty() || inside.ends_with('[') || inside.ends_with('{') || inside.ends_with(',');
  return pretty || text.find('\n') == std::string_view::npos ? Format::kJson : Format::kJsonLines;
}

}  // namespace

const Value* Record::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

Result<std::unique_ptr<RecordReader>> OpenRecords(const std::filesystem::path& path, const OpenOptions& options) {
  TextStream stream = TRY(TextStream::Open(path, options.wishes.encoding));
  stream.LimitRecords(options.wishes.most_record_bytes);
  std::string extension = DataExtension(path);
  Format format = options.wishes.format;
  if (format == Format::kCsv) extension = ".csv";
  if (format == Format::kTsv) extension = ".tsv";
  const bool table = extension == ".csv" || extension == ".tsv";
  if (format == Format::kAuto && (extension == ".jsonl" || extension == ".ndjson")) {
    format = BeginsWithList(stream.buffered()) ? Format::kJson : Format::kJsonLines;
  }
  if (format == Format::kAuto && !table) {
    format = TRY(GuessFormat(stream, options.allow_lines && extension != ".json", extension == ".json"));
  }
  DialectWishes wishes = options.wishes.dialect;
  switch (format) {
    case Format::kFastText:
      return MakeFastTextReader(std::move(stream));
    case Format::kJsonLines:
      return MakeJsonLinesReader(std::move(stream));
    case Format::kJson:
      return MakeJsonDocumentReader(std::move(stream));
    case Format::kLines:
      return MakeLinesReader(std::move(stream));
    case Format::kTsv:
      if (wishes.delimiter == '\0') wishes.delimiter = '\t';
      break;
    case Format::kAuto:
    case Format::kCsv:
    case Format::kDelimited:
      break;
  }
  const bool lines_allowed = options.allow_lines && format == Format::kAuto && wishes.delimiter == '\0';
  std::optional<Dialect> dialect = DetectDialect(stream.buffered(), extension, options.known_names, wishes);
  const bool given = format == Format::kCsv || format == Format::kTsv;
  TRY(DecideOnUnnamedColumn(stream.name(), given, lines_allowed, dialect));
  if (lines_allowed && (!dialect || (!table && !IsTableBeyondDoubt(*dialect, options.known_names)))) {
    std::vector<std::string> notes;
    if (HasTabs(dialect)) {
      notes.push_back("tabs are characters of the texts; if they divide columns, specify --format tsv");
    }
    return MakeLinesReader(std::move(stream), std::move(notes));
  }
  if (!dialect && options.wishes.dialect.delimiter != '\0') {
    return Fail(ErrorCode::kInvalidData, stream.name() + ": the delimiter of --delimiter does not separate columns",
                "omit --delimiter to detect the delimiter, or specify the character between the columns of this file");
  }
  if (!dialect) {
    return Fail(ErrorCode::kInvalidData,
                stream.name() + ": found no columns (no tab, comma, semicolon or bar separates them)",
                "expected label<TAB>text, CSV with a header, JSON lines, or fastText's '__label__x text'; for another "
                "delimiter, specify --delimiter");
  }
  return MakeDelimitedReader(std::move(stream), *std::move(dialect));
}

}  // namespace winnow
