#include "data/delimited.h"

#include <algorithm>
#include <array>
#include <map>

#include "data/columns.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

enum class RowEnd { kComplete, kNeedsMore, kOpenQuote };

/// One row of `text`, cut into `cells` (the first `count` of which are in use; their memory is reused).
struct Row {
  std::vector<std::string> cells;
  size_t count = 0;
  size_t used = 0;                // bytes of the text, line end included
  size_t quote_at = 0;            // where the last quoted field opened
  size_t quoted = 0;              // fields that opened with a quote
  bool tail_after_quote = false;  // text follows a closing quote, which RFC 4180 does not allow

  std::string& Open() {
    if (count == cells.size()) cells.emplace_back();
    std::string& cell = cells[count++];
    cell.clear();
    return cell;
  }
};

/// Cuts one row off `text`. `last`: nothing follows the text, so that its end ends the row.
RowEnd CutRow(std::string_view text, const Dialect& dialect, char line_end, bool last, Row& row) {
  row.count = 0;
  row.quoted = 0;
  row.tail_after_quote = false;
  size_t i = 0;
  for (;;) {
    std::string& cell = row.Open();
    if (dialect.quotes && i < text.size() && text[i] == '"') {
      row.quote_at = i++;
      ++row.quoted;
      for (;;) {
        const size_t quote = text.find('"', i);
        if (quote == std::string_view::npos) return last ? RowEnd::kOpenQuote : RowEnd::kNeedsMore;
        cell.append(text.substr(i, quote - i));
        i = quote + 1;
        if (i == text.size() && !last) return RowEnd::kNeedsMore;
        if (i == text.size() || text[i] != '"') break;
        cell += '"';
        ++i;
      }
    }
    const size_t plain_from = i;
    while (i < text.size() && text[i] != dialect.delimiter && text[i] != line_end) ++i;
    if (i == text.size() && !last) return RowEnd::kNeedsMore;
    std::string_view plain = text.substr(plain_from, i - plain_from);
    const bool ends = i == text.size() || text[i] == line_end;
    if (ends && plain.ends_with('\r')) plain.remove_suffix(1);
    const bool quoted = dialect.quotes && plain_from > 0 && text[plain_from - 1] == '"' && row.quote_at < plain_from;
    if (quoted && !plain.empty()) row.tail_after_quote = true;
    cell.append(plain);
    if (ends) {
      row.used = std::min(i + 1, text.size());
      return RowEnd::kComplete;
    }
    ++i;  // the delimiter
  }
}

bool BlankRow(const Row& row) { return row.count == 1 && row.cells[0].empty(); }

struct Sampled {
  std::vector<std::vector<std::string>> rows;
  bool broken_quotes = false;  // a quote that never closes, or text after a closing one
  bool needed_quotes = false;  // a quoted field holds a quote, the delimiter or a line end
  bool quoted_first = false;   // every field of the first row is quoted
};

Sampled SampleRows(std::string_view sample, const Dialect& dialect, char line_end) {
  constexpr size_t kMaxRows = 500;
  Sampled sampled;
  Row row;
  while (!sample.empty() && sampled.rows.size() < kMaxRows) {
    // The sample may end within a row, which is then left out, unless it is the only one.
    const RowEnd end = CutRow(sample, dialect, line_end, false, row);
    if (end != RowEnd::kComplete) {
      if (sampled.rows.empty() && CutRow(sample, dialect, line_end, true, row) == RowEnd::kComplete && !BlankRow(row)) {
        sampled.rows.emplace_back(row.cells.begin(), row.cells.begin() + static_cast<ptrdiff_t>(row.count));
      }
      break;
    }
    sampled.broken_quotes |= row.tail_after_quote;
    const std::string_view raw = sample.substr(0, row.used);
    sampled.needed_quotes |=
        dialect.quotes && (raw.find("\"\"") != std::string_view::npos || raw.find(line_end) + 1 != row.used);
    sample.remove_prefix(row.used);
    if (BlankRow(row)) continue;
    if (sampled.rows.empty()) sampled.quoted_first = row.quoted == row.count;
    sampled.rows.emplace_back(row.cells.begin(), row.cells.begin() + static_cast<ptrdiff_t>(row.count));
  }
  return sampled;
}

bool HasHeader(const std::vector<std::vector<std::string>>& rows, std::span<const std::string> known_names) {
  for (size_t column = 0; column < rows[0].size(); ++column) {
    const std::string& cell = rows[0][column];
    const std::string_view name = TrimAscii(cell);
    if (!IsLabelName(name) && !IsTextName(name) && std::ranges::find(known_names, name) == known_names.end()) continue;
    // "spam" or "target" may name a column or be a label; a name does not come again in its own column.
    const bool again = std::any_of(rows.begin() + 1, rows.end(), [&](const std::vector<std::string>& row) {
      return column < row.size() && TrimAscii(row[column]) == name;
    });
    if (!again) return true;
  }
  return false;
}

class DelimitedReader : public RecordReader {
 public:
  DelimitedReader(TextStream stream, Dialect dialect)
      : RecordReader(std::move(stream)),
        dialect_(std::move(dialect)),
        line_end_(stream_.carriage_return_ends_lines() ? '\r' : '\n') {}

  Result<Step> Next(Record& record) override {
    for (;;) {
      record.row = stream_.line();
      if (!TRY(CutNext())) return Step::kEnd;
      if (BlankRow(row_)) continue;
      if (dialect_.header && !header_skipped_) {
        header_skipped_ = true;
        continue;
      }
      break;
    }
    const size_t expected = dialect_.columns.size();
    if (row_.count != expected) {
      bad_reason_ = std::to_string(row_.count) + (row_.count == 1 ? " column" : " columns") + " instead of " +
                    std::to_string(expected);
      return Step::kBadRow;
    }
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
           (dialect_.header ? "with" : "without") + " a header";
  }

 private:
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
              "close it, or double each quote inside a quoted field (\"\"); the file may also be truncated");
        }
      }
    }
  }

  Dialect dialect_;
  char line_end_;
  Row row_;
  bool header_skipped_ = false;
};

}  // namespace

std::optional<Dialect> DetectDialect(std::string_view sample, std::string_view extension,
                                     std::span<const std::string> known_names) {
  const char line_end =
      sample.find('\n') == std::string_view::npos && sample.find('\r') != std::string_view::npos ? '\r' : '\n';
  std::array<char, 4> candidates = {'\t', ',', ';', '|'};
  if (extension == ".csv") candidates = {',', ';', '\t', '|'};
  std::optional<Dialect> best;
  double best_share = 0;
  for (const char delimiter : candidates) {
    Dialect dialect{delimiter, true, false, {}};
    Sampled sampled = SampleRows(sample, dialect, line_end);
    const bool means_quotes = sampled.needed_quotes || sampled.quoted_first;
    if (delimiter == '\t' && (sampled.broken_quotes || !means_quotes || sampled.rows.empty())) {
      dialect.quotes = false;
      sampled = SampleRows(sample, dialect, line_end);
    }
    if (sampled.rows.empty()) continue;
    // With a header its width counts, even where most rows are broken; without one the commonest width.
    size_t width = sampled.rows[0].size();
    const bool header = width > 1 && HasHeader(sampled.rows, known_names);
    if (!header) {
      std::map<size_t, size_t> widths;
      for (const auto& row : sampled.rows) ++widths[row.size()];
      width = std::ranges::max_element(widths, {}, [](const auto& entry) { return entry.second; })->first;
    }
    if (width < 2) continue;
    const auto same = std::ranges::count_if(sampled.rows, [&](const auto& row) { return row.size() == width; });
    const double share = (header ? 2.0 : 0.0) + static_cast<double>(same) / static_cast<double>(sampled.rows.size());
    if (share <= best_share) continue;
    best_share = share;
    dialect.header = header;
    for (size_t i = 0; i < width; ++i) {
      dialect.columns.push_back(header ? std::string(TrimAscii(sampled.rows[0][i])) : std::to_string(i + 1));
    }
    best = std::move(dialect);
  }
  return best;
}

Result<std::unique_ptr<RecordReader>> MakeDelimitedReader(TextStream stream, Dialect dialect) {
  return std::make_unique<DelimitedReader>(std::move(stream), std::move(dialect));
}

}  // namespace winnow
