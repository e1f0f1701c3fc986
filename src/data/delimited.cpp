#include "data/delimited.h"

#include <algorithm>

#include "text/text_parts.h"

namespace winnow {
namespace {

class DelimitedReader : public RecordReader {
 public:
  DelimitedReader(TextStream stream, Dialect dialect)
      : RecordReader(std::move(stream)),
        dialect_(std::move(dialect)),
        line_end_(stream_.carriage_return_ends_lines() ? '\r' : '\n') {}

  Result<Step> Next(Record& record) override {
    for (std::string line; skipped_lines_ < dialect_.skipped_lines; ++skipped_lines_) TRY(stream_.NextLine(line));
    for (;;) {
      record.row = stream_.line();
      if (!TRY(CutNext())) return Step::kEnd;
      if (row_.blank()) continue;
      if (!dialect_.header || !IsHeader()) break;
      if (++headers_ == 2) second_header_ = record.row;
    }
    const size_t expected = dialect_.columns.size();
    if (row_.count != expected) {
      bad_reason_ = std::to_string(row_.count) + (row_.count == 1 ? " column" : " columns") + " instead of " +
                    std::to_string(expected);
      if (row_.tail_after_quote) bad_reason_ += ", and text follows a closing quote";
      return Step::kBadRow;
    }
    NoticeSwallowedRows(record.row);
    record.fields.resize(expected);
    for (size_t i = 0; i < expected; ++i) {
      if (record.fields[i].name != dialect_.columns[i]) record.fields[i].name = dialect_.columns[i];
      Value& value = record.fields[i].value;
      value.kind = Value::Kind::kText;
      std::swap(value.text, row_.cells[i]);
    }
    return Step::kRecord;
  }

  std::vector<std::string> columns() const override { return dialect_.columns; }
  bool has_header() const override { return dialect_.header; }
  Format format() const override { return Format::kDelimited; }
  bool label_first() const override { return dialect_.delimiter == '\t'; }

  std::string Description() const override {
    std::string kind = dialect_.delimiter == '\t'  ? "TSV"
                       : dialect_.delimiter == ',' ? "CSV"
                                                   : std::string("delimited by '") + dialect_.delimiter + "'";
    return kind + ", " + std::to_string(dialect_.columns.size()) + " columns, " +
           (dialect_.header ? "with" : "without") + " a header" + Assumptions();
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (headers_ > 1) {
      notes.push_back("skipped " + std::to_string(headers_ - 1) + " repetitions of the header, the first in line " +
                      std::to_string(second_header_));
    }
    if (swallowed_at_ > 0) {
      notes.push_back("line " + std::to_string(swallowed_at_) + ": a quoted field contains " +
                      std::to_string(swallowed_lines_) +
                      " lines that look like rows of their own; if quotes are plain characters in this file, specify "
                      "--quoting none");
    }
    return notes;
  }

 private:
  std::string Assumptions() const {
    std::string text;
    for (const std::string& note : dialect_.notes) text += ", " + note;
    return text;
  }

  /// Returns true if the row is the header, or repeats it as concatenated files do.
  bool IsHeader() const {
    return row_.count == dialect_.columns.size() &&
           std::ranges::equal(row_.fields(), dialect_.columns,
                              [](const std::string& cell, const std::string& name) { return TrimAscii(cell) == name; });
  }

  /// Notes the first quoted field whose inner lines all have the delimiters of a whole row.
  void NoticeSwallowedRows(size_t line) {
    if (swallowed_at_ > 0 || row_.quoted == 0) return;
    for (const std::string& cell : row_.fields()) {
      const auto delimiters = [&](std::string_view part) {
        return static_cast<size_t>(std::ranges::count(part, dialect_.delimiter));
      };
      size_t inner = 0;
      size_t from = cell.find(line_end_);
      while (from != std::string::npos) {
        const size_t end = cell.find(line_end_, from + 1);
        if (end == std::string::npos) break;
        if (delimiters(std::string_view(cell).substr(from, end - from)) + 1 != dialect_.columns.size()) break;
        ++inner;
        from = end;
      }
      const bool all = from != std::string::npos && cell.find(line_end_, from + 1) == std::string::npos;
      if (!all || inner < (dialect_.delimiter == '\t' ? 1u : 3u)) continue;
      swallowed_at_ = line;
      swallowed_lines_ = inner;
      return;
    }
  }

  /// Fills row_ with the next row and consumes it; false at the end.
  Result<bool> CutNext() {
    bool at_end = false;
    for (;;) {
      if (at_end && stream_.buffered().empty()) return false;
      switch (CutRow(stream_.buffered(), dialect_, line_end_, at_end, row_)) {
        case RowEnd::kComplete:
          stream_.Consume(row_.used);
          return true;
        case RowEnd::kNeedsMore: {
          // A row far longer than a piece is looked at again and again: let the buffer double in between.
          const size_t wanted = stream_.buffered().size() * 2;
          do {
            at_end = !TRY(stream_.Fill());
          } while (!at_end && stream_.buffered().size() < wanted);
          break;
        }
        case RowEnd::kOpenQuote: {
          const std::string_view before = stream_.buffered().substr(0, row_.quote_at);
          const size_t line = stream_.line() + static_cast<size_t>(std::ranges::count(before, line_end_));
          return Fail(
              ErrorCode::kInvalidData,
              stream_.name() + ", line " + std::to_string(line) + ": a quoted field opens here and is never closed",
              "close it, or double each quote inside a quoted field (\"\"); if quotes are plain characters in this "
              "file, specify --quoting none; the file may also be truncated");
        }
      }
    }
  }

  Dialect dialect_;
  char line_end_;
  CsvRow row_;
  size_t skipped_lines_ = 0;
  size_t headers_ = 0;
  size_t second_header_ = 0;
  size_t swallowed_at_ = 0;
  size_t swallowed_lines_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect) {
  return std::make_unique<DelimitedReader>(std::move(stream), std::move(dialect));
}

}  // namespace winnow
