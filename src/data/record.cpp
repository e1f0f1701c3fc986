#include "data/record.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
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

Result<Format> GuessFormat(TextStream& stream) {
  const size_t from = stream.buffered().find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return Format::kAuto;
  if (stream.buffered().substr(from).starts_with(kFastTextPrefix)) return Format::kFastText;
  const char first = stream.buffered()[from];
  if (first != '{' && first != '[') return Format::kAuto;
  // A JSON line may be longer than a piece; so may be a document in one line, which need not be read whole to tell.
  while (stream.buffered().find('\n', from) == std::string_view::npos &&
         stream.buffered().size() < TextStream::kMaxRecordBytes / 2 && TRY(stream.Fill())) {
  }
  const std::string_view text = stream.buffered().substr(from);
  const std::string_view line = TrimAscii(text.substr(0, text.find('\n')));
  const std::string_view inside = TrimAscii(line.substr(1));
  if (first == '[') {
    const bool rows = inside.empty() || inside.starts_with('{') || inside.starts_with('[');
    return rows ? Format::kJson : Format::kAuto;
  }
  // A whole object in the first line is JSON Lines; an object over several lines is a document.
  if (const Result<Json> json = ParseJsonLeniently(line)) {
    const bool more_lines = line.size() < TrimAscii(text).size();
    return !more_lines && HoldsListsOfRows(*json) ? Format::kJson : Format::kJsonLines;
  }
  // `{"text": "a", "lab` in the first of many lines is a bad JSON line rather than a document.
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
  TextStream stream = TRY(TextStream::Open(path));
  const std::string extension = DataExtension(path);
  Format format = options.format;
  if (format == Format::kAuto && (extension == ".jsonl" || extension == ".ndjson")) format = Format::kJsonLines;
  if (format == Format::kAuto && extension != ".csv" && extension != ".tsv") format = TRY(GuessFormat(stream));
  switch (format) {
    case Format::kFastText:
      return MakeFastTextReader(std::move(stream));
    case Format::kJsonLines:
      return MakeJsonLinesReader(std::move(stream));
    case Format::kJson:
      return MakeJsonDocumentReader(std::move(stream));
    case Format::kLines:
      return MakeLinesReader(std::move(stream));
    case Format::kAuto:
    case Format::kDelimited:
      break;
  }
  const bool lines_allowed = options.allow_lines && format == Format::kAuto;
  std::optional<Dialect> dialect = DetectDialect(stream.buffered(), extension, options.known_names);
  // A sentence with a comma is no CSV: without a name that says so, only a header or tabs make a table of plain lines.
  if (lines_allowed && extension != ".csv" && extension != ".tsv" &&
      (!dialect || (!dialect->header && (dialect->delimiter != '\t' || dialect->columns.size() != 2)))) {
    return MakeLinesReader(std::move(stream));
  }
  if (!dialect) {
    if (lines_allowed) return MakeLinesReader(std::move(stream));
    return Fail(ErrorCode::kInvalidData,
                stream.name() + ": found no columns (no tab, comma, semicolon or bar separates them)",
                "expected label<TAB>text, CSV with a header, JSON lines, or fastText's '__label__x text'");
  }
  return MakeDelimitedReader(std::move(stream), *std::move(dialect));
}

}  // namespace winnow
