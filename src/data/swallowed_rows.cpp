#include "data/swallowed_rows.h"

#include <algorithm>

namespace winnow {
namespace {

/// Returns true if one of the fields `from` to `to` agrees with its column, and none disagrees.
bool Agrees(const CsvRow& row, size_t from, size_t to, const Dialect& dialect) {
  bool any = false;
  for (size_t i = from; i < to; ++i) {
    const ColumnProfile& profile = dialect.profiles[i];
    if (!profile.numbers && profile.recurring.empty()) continue;
    if (!profile.Accepts(row.cells[i])) return false;
    any = true;
  }
  return any;
}

/// Divides a line into fields, with quotes that enclose a field and without those that do not.
void CutLine(std::string_view line, const Dialect& dialect, Dialect& plain, char line_end, CsvRow& row) {
  if (CutRow(line, dialect, line_end, true, row) != RowEnd::kComplete || row.tail_after_quote) {
    CutRow(line, plain, line_end, true, row);
  }
}

/// Counts the delimiters before the first quote of a line.
size_t DelimitersBeforeQuote(std::string_view line, const Dialect& dialect) {
  return static_cast<size_t>(std::ranges::count(line.substr(0, line.find('"')), dialect.delimiter));
}

}  // namespace

std::optional<SwallowedRow> FindSwallowedRow(std::string_view raw, const Dialect& dialect, char line_end) {
  const size_t width = dialect.columns.size();
  if (width < 2 || dialect.profiles.size() != width) return std::nullopt;
  Dialect plain = {.delimiter = dialect.delimiter, .quotes = false};
  if (raw.ends_with(line_end)) raw.remove_suffix(1);
  SwallowedRow found;
  CsvRow row;
  bool opened = false;
  for (size_t from = 0; from <= raw.size(); ++found.row) {
    const size_t end = std::min(raw.find(line_end, from), raw.size());
    const std::string_view line = raw.substr(from, end - from);
    const bool last = end == raw.size();
    from = end + 1;
    if (!opened) {
      // The fields before the quote are the row's own; what follows it would be in the quoted field.
      if (CutRow(line, dialect, line_end, true, row) == RowEnd::kComplete) continue;
      opened = true;
      found.opened = found.row;
      const size_t before = row.count - 1;
      CutRow(line, plain, line_end, true, row);
      if (row.count == width && Agrees(row, before + 1, width, dialect)) return found;
      continue;
    }
    CutLine(line, dialect, plain, line_end, row);
    const size_t to = last ? std::min(DelimitersBeforeQuote(line, dialect), width) : width;
    if (row.count == width && Agrees(row, 0, to, dialect)) return found;
  }
  return std::nullopt;
}

}  // namespace winnow
