#include "data/dialect.h"

namespace winnow {
namespace {

std::string& OpenCell(CsvRow& row) {
  if (row.count == row.cells.size()) row.cells.emplace_back();
  std::string& cell = row.cells[row.count++];
  cell.clear();
  return cell;
}

/// Appends the contents of the quoted field whose first character is at `i`, and moves `i` behind its closing quote.
RowEnd CutQuoted(std::string_view text, const Dialect& dialect, bool last, size_t& i, std::string& cell) {
  const RowEnd unfinished = last ? RowEnd::kOpenQuote : RowEnd::kNeedsMore;
  for (;;) {
    const size_t at = dialect.escape == '\0' ? text.find('"', i) : text.find_first_of("\"\\", i);
    if (at == std::string_view::npos) return unfinished;
    cell.append(text.substr(i, at - i));
    i = at + 1;
    if (i == text.size() && !last) return unfinished;
    if (text[at] == dialect.escape) {
      // MySQL and JavaScript escape quotes and backslashes; other sequences stay as they are.
      if (i == text.size()) return unfinished;
      if (text[i] != '"' && text[i] != dialect.escape) cell += dialect.escape;
      cell += text[i++];
      continue;
    }
    if (i == text.size() || text[i] != '"') return RowEnd::kComplete;
    cell += '"';
    ++i;
  }
}

/// Appends the unquoted text to `cell`. As within quotes, a backslash that escapes a quote or a backslash is left out.
void AppendPlain(std::string_view plain, const Dialect& dialect, std::string& cell) {
  if (dialect.escape == '\0' || plain.find(dialect.escape) == std::string_view::npos) {
    cell.append(plain);
    return;
  }
  for (size_t i = 0; i < plain.size(); ++i) {
    const bool escapes =
        plain[i] == dialect.escape && i + 1 < plain.size() && (plain[i + 1] == '"' || plain[i + 1] == dialect.escape);
    cell += escapes ? plain[++i] : plain[i];
  }
}

}  // namespace

RowEnd CutRow(std::string_view text, const Dialect& dialect, char line_end, bool last, CsvRow& row) {
  row.count = 0;
  row.quoted = 0;
  row.tail_after_quote = false;
  row.quotes_needed = false;
  row.lines_in_quotes = false;
  size_t i = 0;
  for (;;) {
    std::string& cell = OpenCell(row);
    if (dialect.space_before_quote && i < text.size() && text[i] == ' ') {
      const size_t after = text.find_first_not_of(' ', i);
      if (after == std::string_view::npos && !last) return RowEnd::kNeedsMore;
      if (after != std::string_view::npos && text[after] == '"') i = after;
    }
    const bool quoted = dialect.quotes && i < text.size() && text[i] == '"';
    if (quoted) {
      row.quote_at = i++;
      ++row.quoted;
      if (const RowEnd end = CutQuoted(text, dialect, last, i, cell); end != RowEnd::kComplete) return end;
      // A closing quote at `i - 1`; what lies between is longer than the cell if it contains an escaped quote.
      row.lines_in_quotes |= cell.find(line_end) != std::string::npos;
      row.quotes_needed |= row.lines_in_quotes || i - row.quote_at - 2 > cell.size();
    }
    const size_t plain_from = i;
    while (i < text.size() && text[i] != dialect.delimiter && text[i] != line_end) ++i;
    if (i == text.size() && !last) return RowEnd::kNeedsMore;
    std::string_view plain = text.substr(plain_from, i - plain_from);
    const bool ends = i == text.size() || text[i] == line_end;
    if (ends && plain.ends_with('\r')) plain.remove_suffix(1);
    if (quoted && dialect.space_before_quote && plain.find_first_not_of(' ') == std::string_view::npos) plain = {};
    if (quoted && !plain.empty()) row.tail_after_quote = true;
    AppendPlain(plain, dialect, cell);
    if (ends) {
      row.used = i + (i < text.size() ? 1 : 0);
      return RowEnd::kComplete;
    }
    ++i;  // the delimiter
  }
}

}  // namespace winnow
