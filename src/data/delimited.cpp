#include "data/delimited.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "data/encoding.h"
#include "data/swallowed_rows.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kMostColumns = 1'000'000;  // of a row that is longer than a piece

class DelimitedReader : public RecordReader {
 public:
  DelimitedReader(TextStream stream, Dialect dialect)
      : RecordReader(std::move(stream)),
        dialect_(std::move(dialect)),
        line_end_(stream_.carriage_return_ends_lines() ? '\r' : '\n') {
    if (!dialect_.header) return;
    for (const std::string& name : dialect_.columns) names_.insert(LowerAscii(name));
  }

  Result<Step> Next(Record& record) override {
    for (std::string line; skipped_lines_ < dialect_.skipped_lines; ++skipped_lines_)
      static_cast<void>(TRY(stream_.NextLine(line)));
    for (;;) {
      record.row = stream_.line();
      if (!TRY(CutNext())) return Step::kEnd;
      if (row_.blank()) continue;
      if (!dialect_.header) break;
      if (IsHeader()) {
        if (++headers_ == 2) second_header_ = record.row;
        continue;
      }
      TRY(RefuseOtherHeader(record.row));
      break;
    }
    TRY(RefuseSwallowedRows(record.row));
    const size_t expected = dialect_.columns.size();
    if (row_.count != expected) {
      bad_reason_ = std::to_string(row_.count) + (row_.count == 1 ? " column" : " columns") + " instead of " +
                    std::to_string(expected);
      if (row_.tail_after_quote) bad_reason_ += ", and text follows a closing quote";
      return Step::kBadRow;
    }
    if (row_.tail_after_quote && expected == 1) {
      bad_reason_ = "text follows a closing quote";
      return Step::kBadRow;
    }
    if (row_.tail_after_quote && ++tails_ == 1) first_tail_ = record.row;
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
  const Dialect* dialect() const override { return &dialect_; }
  Format format() const override { return Format::kDelimited; }
  bool label_first() const override { return dialect_.delimiter == '\t'; }

  std::string Description() const override {
    const size_t columns = dialect_.columns.size();
    std::string kind = dialect_.delimiter == '\t' ? "TSV"
                       : dialect_.delimiter == ',' || columns == 1
                           ? "CSV"
                           : std::string("delimited by '") + dialect_.delimiter + "'";
    return kind + ", " + std::to_string(columns) + (columns == 1 ? " column, " : " columns, ") +
           (dialect_.header ? "with" : "without") + " a header" + Assumptions();
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (headers_ > 1) {
      notes.push_back("skipped " + std::to_string(headers_ - 1) + (headers_ == 2 ? " repetition" : " repetitions") +
                      " of the header, the first in line " + std::to_string(second_header_));
    }
    if (tails_ > 0) {
      notes.push_back("text follows a closing quote in " + std::to_string(tails_) + (tails_ == 1 ? " row" : " rows") +
                      ", the first in line " + std::to_string(first_tail_) +
                      ", and is read as part of the field; quotes inside a quoted field must be doubled");
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
           std::ranges::equal(row_.fields(), dialect_.columns, [](const std::string& cell, const std::string& name) {
             const std::string_view trimmed = TrimAscii(cell);
             return trimmed == name || LowerAscii(trimmed) == LowerAscii(name);
           });
  }

  /// Errors: kInvalidData if the row contains the names of the header in another order, as concatenated files may do.
  Result<void> RefuseOtherHeader(size_t line) const {
    if (row_.count != dialect_.columns.size() || row_.count < 2) return {};
    const auto known = [&](const std::string& cell) { return names_.contains(LowerAscii(TrimAscii(cell))); };
    if (!std::ranges::all_of(row_.fields(), known)) return {};
    std::set<std::string> found;
    for (const std::string& cell : row_.fields()) found.insert(LowerAscii(TrimAscii(cell)));
    if (found != names_) return {};
    return Fail(ErrorCode::kInvalidData,
                stream_.name() + ", line " + std::to_string(line) +
                    ": a second header has the columns in another order than the first",
                "the file was probably concatenated from several files; read them as separate files");
  }

  /// Errors: kInvalidData if a quoted field with line ends contains a line that looks like a row, or text follows its
  /// closing quote: then a stray quote has opened it.
  Result<void> RefuseSwallowedRows(size_t line) const {
    if (raw_.empty() || dialect_.quotes_given) return {};
    const std::optional<SwallowedRow> found = FindSwallowedRow(raw_, dialect_, line_end_);
    if (!found && !row_.tail_after_quote) return {};
    const size_t lines = static_cast<size_t>(std::ranges::count(raw_, line_end_)) - (raw_.ends_with(line_end_) ? 1 : 0);
    const size_t opens = found ? found->opened : 0;
    return Fail(ErrorCode::kInvalidData,
                stream_.name() + ", line " + std::to_string(line + opens) +
                    ": a quoted field opens here and continues in other lines, although " +
                    (found ? "line " + std::to_string(line + found->row) + " looks like a whole row"
                           : "text follows its closing quote in line " + std::to_string(line + lines)),
                "close the field in its line, or double each quote inside a quoted field (\"\"); if quotes are plain "
                "characters in this file, specify --quoting none; if the field is right, --quoting csv");
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
      if (stream_.buffered().starts_with(kUtf8Mark)) stream_.Consume(kUtf8Mark.size());
      switch (CutRow(stream_.buffered(), dialect_, line_end_, at_end, row_)) {
        case RowEnd::kComplete:
          raw_.clear();
          if (row_.lines_in_quotes) raw_ = stream_.buffered().substr(0, row_.used);
          stream_.Consume(row_.used);
          return true;
        case RowEnd::kNeedsMore: {
          // Fields take far more memory than their text.
          if (row_.count > kMostColumns) {
            return Fail(ErrorCode::kInvalidData,
                        stream_.name() + ", line " + std::to_string(stream_.line()) + ": a row has more than " +
                            std::to_string(kMostColumns) + " columns",
                        "check the delimiter and the line ends");
          }
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
  size_t tails_ = 0;
  size_t first_tail_ = 0;
  std::string raw_;              // the bytes of the row if a quoted field contains line ends
  std::set<std::string> names_;  // of the header, in lower case
};

}  // namespace

Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect) {
  return std::make_unique<DelimitedReader>(std::move(stream), std::move(dialect));
}

}  // namespace winnow
