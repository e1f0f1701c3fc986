#include "data/dialect.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.h"
#include "data/columns.h"
#include "data/encoding.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kMaxRows = 500;

using Cells = std::vector<std::string>;

/// The first rows of a file as one dialect divides them.
struct Sample {
  std::vector<Cells> rows;
  bool broken_quotes = false;   // text follows a closing quote, or the file ends within a quoted field
  bool needed_quotes = false;   // a quoted field contains a quote or a line end
  bool escaped_quotes = false;  // a quoted field contains a quote that is doubled or escaped, or a line end
  bool quoted_first = false;    // every field of the first row is quoted
  size_t odd_quotes = 0;        // quotes = false: fields that begin with a quote and do not end with one, or conversely
  size_t whole_quotes = 0;      // quotes = false: fields that begin and end with a quote

  size_t Rows(size_t width) const {
    return static_cast<size_t>(std::ranges::count_if(rows, [&](const Cells& row) { return row.size() == width; }));
  }
  /// Returns the commonest number of fields.
  size_t CommonWidth() const {
    std::map<size_t, size_t> widths;
    for (const Cells& row : rows) ++widths[row.size()];
    return std::ranges::max_element(widths, {}, [](const auto& entry) { return entry.second; })->first;
  }
  bool Even() const { return !rows.empty() && Rows(rows[0].size()) == rows.size(); }
};

void CountQuotes(const Cells& row, Sample& sample) {
  for (const std::string& cell : row) {
    const bool opens = cell.starts_with('"');
    const bool closes = cell.ends_with('"') && cell.size() > 1;
    if (opens && closes) ++sample.whole_quotes;
    if (opens && !closes) ++sample.odd_quotes;
  }
}

Sample TakeSample(std::string_view text, const Dialect& dialect, char line_end) {
  Sample sample;
  CsvRow row;
  const auto take = [&] {
    const Cells cells(row.fields().begin(), row.fields().end());
    const size_t whole_before = sample.whole_quotes;
    if (!dialect.quotes) CountQuotes(cells, sample);
    const size_t quoted = dialect.quotes ? row.quoted : sample.whole_quotes - whole_before;
    if (sample.rows.empty()) sample.quoted_first = quoted == row.count;
    sample.rows.push_back(cells);
  };
  while (!text.empty() && sample.rows.size() < kMaxRows) {
    if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
    // The text may end within a row, which is then left out, unless it is the only one.
    const RowEnd end = CutRow(text, dialect, line_end, false, row);
    if (end != RowEnd::kComplete) {
      if (sample.rows.empty() && CutRow(text, dialect, line_end, true, row) == RowEnd::kComplete && !row.blank())
        take();
      break;
    }
    sample.broken_quotes |= row.tail_after_quote;
    sample.escaped_quotes |= row.quotes_needed;
    const std::string_view raw = text.substr(0, row.used);
    sample.needed_quotes |=
        dialect.quotes && (raw.find("\"\"") != std::string_view::npos || raw.find(line_end) + 1 != row.used);
    text.remove_prefix(row.used);
    if (!row.blank()) take();
  }
  return sample;
}

/// Returns true if the column has values that recur, as labels do. Rows equal to the first one do not count.
bool Recurs(const std::vector<Cells>& rows, size_t column) {
  std::set<std::string_view> distinct;
  size_t count = 0;
  for (const Cells& row : rows) {
    if (column >= row.size() || row == rows[0]) continue;
    distinct.insert(row[column]);
    ++count;
  }
  return count >= 4 && distinct.size() * 2 <= count;
}

/// Returns true if the value of the first row occurs again in its column, in a row that does not repeat the first one.
bool OccursAgain(const std::vector<Cells>& rows, size_t column) {
  const std::string_view name = TrimAscii(rows[0][column]);
  return std::any_of(rows.begin() + 1, rows.end(), [&](const Cells& row) {
    return column < row.size() && TrimAscii(row[column]) == name && row != rows[0];
  });
}

bool HasHeader(const std::vector<Cells>& rows, std::span<const std::string> known_names) {
  bool named = false;
  for (size_t column = 0; column < rows[0].size(); ++column) {
    const std::string_view name = TrimAscii(rows[0][column]);
    if (name.empty()) continue;
    const bool usual =
        IsLabelName(name) || IsTextName(name) || std::ranges::find(known_names, name) != known_names.end();
    // "spam" or "target" may name a column or be a label; a name does not occur again in its own column.
    if (OccursAgain(rows, column)) {
      if (!usual && Recurs(rows, column)) return false;
    } else {
      named |= usual;
    }
  }
  return named;
}

/// Returns true if each name is a single word, as programs write headers and people do not write sentences.
bool HasPlainNames(const Cells& header) {
  return std::ranges::all_of(header, [](const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
      return IsAsciiAlphanumeric(c) || c == '_' || c == '-' || c == '.' || (c & 0x80) != 0;
    });
  });
}

/// How well a dialect divides the sample: a header first, then the share of rows with the usual number of fields.
struct Fit {
  Dialect dialect;
  Sample sample;
  size_t width = 0;
  double score = 0;

  size_t good_rows() const { return sample.Rows(width); }
};

Fit FitOf(std::string_view text, const Dialect& dialect, char line_end, std::span<const std::string> known_names,
          const DialectWishes& wishes) {
  Fit fit;
  fit.dialect = dialect;
  fit.sample = TakeSample(text, dialect, line_end);
  if (fit.sample.rows.empty()) return fit;
  // With a header its width counts, even where most rows are broken; without one the commonest width.
  fit.width = fit.sample.rows[0].size();
  fit.dialect.header = !wishes.no_header && fit.width > 1 && HasHeader(fit.sample.rows, known_names);
  if (!fit.dialect.header) fit.width = fit.sample.CommonWidth();
  if (fit.width < 2) return fit;
  fit.score = (fit.dialect.header ? 2.0 : 0.0) +
              static_cast<double>(fit.good_rows()) / static_cast<double>(fit.sample.rows.size());
  return fit;
}

std::string Rows(size_t count, size_t of) { return std::to_string(count) + " of " + std::to_string(of) + " rows"; }

/// Returns true if quotes are plain characters beyond doubt: every line is a row of its own then, and a quote that
/// opens a field is not closed in its line. Read as CSV, such a field would swallow the rows up to the next quote.
bool QuotesArePlain(const Fit& plain) {
  const Sample& sample = plain.sample;
  if (plain.score == 0 || !sample.Even() || sample.odd_quotes == 0 || sample.quoted_first) return false;
  if (plain.dialect.delimiter == '\t') return true;
  return sample.whole_quotes == 0 && (Recurs(sample.rows, 0) || Recurs(sample.rows, sample.rows[0].size() - 1));
}

/// Returns true if exactly the fields with a comma are in quotes, as Excel writes text with tabs.
bool QuotesFieldsWithCommas(const Sample& plain) {
  size_t quoted = 0;
  for (const Cells& row : plain.rows) {
    for (const std::string& cell : row) {
      const bool in_quotes = cell.size() > 1 && cell.starts_with('"') && cell.ends_with('"');
      if (in_quotes != (cell.find(',') != std::string::npos)) return false;
      quoted += in_quotes ? 1 : 0;
    }
  }
  return quoted > 1;
}

/// Returns true if a field begins with spaces and a quote, which is then not read as the beginning of a quoted field.
bool HasSpaceBeforeQuote(const Sample& sample) {
  return std::ranges::any_of(sample.rows, [](const Cells& row) {
    return std::ranges::any_of(row, [](const std::string& cell) {
      const size_t first = cell.find_first_not_of(' ');
      return first != std::string::npos && first > 0 && cell[first] == '"';
    });
  });
}

/// The best reading of quotes for one delimiter.
Fit BestQuoting(std::string_view text, char delimiter, char line_end, std::span<const std::string> known_names,
                const DialectWishes& wishes) {
  const auto fit = [&](const Dialect& dialect) { return FitOf(text, dialect, line_end, known_names, wishes); };
  Fit plain = fit({.delimiter = delimiter, .quotes = false});
  if (wishes.quoting == Quoting::kNone) return plain;
  Fit csv = fit({.delimiter = delimiter});
  const bool automatic = wishes.quoting == Quoting::kAuto;
  if (automatic && QuotesArePlain(plain)) {
    if (delimiter != '\t') plain.dialect.notes.push_back("quotes are characters of the texts");
    return plain;
  }
  if (text.find("\\\"") != std::string_view::npos) {
    Fit escaped = fit({.delimiter = delimiter, .escape = '\\'});
    if (escaped.score > csv.score || (csv.sample.broken_quotes && !escaped.sample.broken_quotes)) {
      const size_t bad = csv.sample.rows.size() - csv.good_rows();
      escaped.dialect.notes.push_back(
          "a backslash escapes quotes" +
          (bad > 0 ? " (otherwise " + Rows(bad, csv.sample.rows.size()) + " are unreadable)" : std::string()));
      csv = std::move(escaped);
    }
  }
  if (text.find(std::string{delimiter, ' ', '"'}) != std::string_view::npos) {
    Dialect dialect = csv.dialect;
    dialect.space_before_quote = true;
    Fit spaced = fit(dialect);
    if (spaced.score >= csv.score && !spaced.sample.broken_quotes && HasSpaceBeforeQuote(csv.sample)) {
      spaced.dialect.notes.push_back("spaces before quotes are skipped");
      csv = std::move(spaced);
    }
  }
  const bool escaped = csv.dialect.escape != '\0' && csv.sample.escaped_quotes;
  const bool means_quotes =
      csv.sample.needed_quotes || csv.sample.quoted_first || escaped || QuotesFieldsWithCommas(plain.sample);
  if (automatic && delimiter == '\t' && (csv.sample.broken_quotes || !means_quotes || csv.sample.rows.empty())) {
    return plain;
  }
  return csv;
}

bool IsWholeNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && AreAsciiDigits(text);
}

/// Describes the columns by the values without line ends of the rows with the usual number of fields.
std::vector<ColumnProfile> ProfilesOf(const Fit& fit, char line_end) {
  constexpr size_t kLongestName = 40;
  std::vector<ColumnProfile> profiles(fit.width);
  for (size_t column = 0; column < fit.width; ++column) {
    ColumnProfile& profile = profiles[column];
    size_t count = 0, numbers = 0, names = 0;
    for (const Cells& row : std::span(fit.sample.rows).subspan(fit.dialect.header ? 1 : 0)) {
      if (row.size() != fit.width || row[column].find(line_end) != std::string::npos) continue;
      const std::string_view value = TrimAscii(row[column]);
      ++count;
      numbers += IsWholeNumber(value) ? 1 : 0;
      if (value.empty() || value.size() > kLongestName) continue;
      ++names;
      profile.recurring.emplace(value);
    }
    profile.numbers = count > 0 && numbers == count;
    const bool recurs = count >= 3 && names == count && profile.recurring.size() * 3 <= count * 2;
    if (!recurs) profile.recurring.clear();
  }
  return profiles;
}

/// Returns true if the first row looks like a name above texts: it is one word, and most of the other rows are more.
bool LooksLikeNameOfTexts(const std::vector<Cells>& rows) {
  const auto several = std::count_if(rows.begin() + 1, rows.end(), [](const Cells& row) {
    return TrimAscii(row[0]).find(' ') != std::string_view::npos;
  });
  return rows.size() >= 2 && HasPlainNames(rows[0]) && static_cast<size_t>(several) * 2 >= rows.size() - 1;
}

/// The reading of a text as a table of one column: each row is a line, or a quoted field. Nothing if it is none.
std::optional<Fit> OneColumn(std::string_view text, bool table, char line_end, std::span<const std::string> known_names,
                             const DialectWishes& wishes) {
  Fit fit;
  fit.width = 1;
  const auto take = [&](const Dialect& dialect) {
    fit.dialect = dialect;
    fit.sample = TakeSample(text, dialect, line_end);
  };
  take({.delimiter = line_end, .quotes = wishes.quoting != Quoting::kNone});
  if (fit.sample.broken_quotes && text.find("\\\"") != std::string_view::npos) {
    take({.delimiter = line_end, .escape = '\\', .notes = {"a backslash escapes quotes"}});
    if (fit.sample.broken_quotes) take({.delimiter = line_end});
  }
  if (fit.sample.broken_quotes && !fit.sample.escaped_quotes && wishes.quoting == Quoting::kAuto) {
    take({.delimiter = line_end, .quotes = false, .notes = {"quotes are characters of the texts"}});
  }
  if (fit.sample.rows.empty()) return std::nullopt;
  const std::string_view name = TrimAscii(fit.sample.rows[0][0]);
  const bool known =
      IsTextName(name) || std::ranges::find(known_names, name) != known_names.end() || (table && IsLabelName(name));
  fit.dialect.header = known && !wishes.no_header;
  if (!fit.dialect.header && !table) return std::nullopt;
  fit.dialect.quotes_needed =
      fit.sample.escaped_quotes || (fit.dialect.quotes && fit.sample.quoted_first && fit.sample.rows.size() > 1);
  fit.dialect.unknown_header = !fit.dialect.header && !wishes.no_header && LooksLikeNameOfTexts(fit.sample.rows);
  if (fit.dialect.unknown_header) fit.dialect.first_name = name;
  return fit;
}

/// Returns true if a table has one column although a delimiter occurs in most rows: its header is one name, and the
/// rows below it have different numbers of fields, or a space after each delimiter, as sentences have.
bool DelimitersArePlain(const Fit& best, const Fit& one) {
  const std::vector<Cells>& rows = best.sample.rows;
  if (best.dialect.header || !one.dialect.header || rows[0].size() > 1) return false;
  const bool even =
      std::all_of(rows.begin() + 1, rows.end(), [&](const Cells& row) { return row.size() == best.width; });
  return !even || std::all_of(rows.begin() + 1, rows.end(), [](const Cells& row) {
    return std::all_of(row.begin() + 1, row.end(), [](const std::string& cell) { return cell.starts_with(' '); });
  });
}

/// Returns true if each comma stands between two digits, as those of decimal numbers do.
bool HasDecimalCommas(std::string_view text) {
  const auto is_digit = [&](size_t at) { return at < text.size() && IsAsciiDigit(text[at]); };
  size_t at = text.find(',');
  if (at == std::string_view::npos) return false;
  for (; at != std::string_view::npos; at = text.find(',', at + 1)) {
    if (at == 0 || !is_digit(at - 1) || !is_digit(at + 1)) return false;
  }
  return true;
}

/// Excel's first line that names the delimiter: sep=; Returns 0 if the line is another one.
char DelimiterLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
  return line.size() == 5 && LowerAscii(line.substr(0, 4)) == "sep=" ? line[4] : '\0';
}

}  // namespace

bool ColumnProfile::Accepts(std::string_view value) const {
  value = TrimAscii(value);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return recurring.empty() ? numbers && IsWholeNumber(value) : recurring.contains(value);
}

std::optional<Dialect> DetectDialect(std::string_view sample, std::string_view extension,
                                     std::span<const std::string> known_names, const DialectWishes& wishes) {
  const char line_end = LineEndOf(sample);
  std::string candidates = extension == ".csv" ? ",;\t|" : "\t,;|";
  size_t skipped_lines = 0;
  const auto skip_line = [&] {
    sample.remove_prefix(std::min(sample.find(line_end), sample.size() - 1) + 1);
    ++skipped_lines;
  };
  if (const char named = DelimiterLine(sample.substr(0, sample.find(line_end))); named != '\0') {
    candidates = named;
    skip_line();
  }
  if (wishes.delimiter != '\0') candidates = wishes.delimiter;
  std::optional<Fit> best;
  const bool decimal_commas = candidates.size() > 1 && HasDecimalCommas(sample);
  const auto consider_all = [&] {
    for (const char delimiter : candidates) {
      Fit fit = BestQuoting(sample, delimiter, line_end, known_names, wishes);
      // Where a decimal comma divides the rows as well as another delimiter, the other one is meant.
      const bool comma_before = decimal_commas && best && best->dialect.delimiter == ',';
      if (fit.width < 2 || (best && (comma_before ? fit.score < best->score : fit.score <= best->score))) continue;
      // A comma in each sentence of a .tsv makes no columns.
      if (extension == ".tsv" && candidates.size() > 1 && delimiter != '\t' && !fit.dialect.header) continue;
      best = std::move(fit);
    }
  };
  consider_all();
  // Comments come before the table, and have other widths than its rows.
  if (sample.starts_with('#') && (!best || best->sample.rows[0].size() != best->sample.CommonWidth())) {
    const std::string_view whole = sample;
    const size_t before = skipped_lines;
    while (sample.starts_with('#')) skip_line();
    best.reset();
    consider_all();
    if (!best) {
      sample = whole;
      skipped_lines = before;
      consider_all();
    } else {
      best->dialect.notes.push_back("skipped " + std::to_string(skipped_lines - before) + " lines of comments");
    }
  }
  const bool table = extension == ".csv" || extension == ".tsv" || wishes.delimiter != '\0';
  if (std::optional<Fit> one = OneColumn(sample, table, line_end, known_names, wishes);
      one && (!best || DelimitersArePlain(*best, *one))) {
    best = std::move(one);
  }
  if (!best) return std::nullopt;
  best->dialect.profiles = ProfilesOf(*best, line_end);
  Dialect dialect = std::move(best->dialect);
  dialect.skipped_lines = skipped_lines;
  dialect.quotes_given = wishes.quoting != Quoting::kAuto;
  dialect.even = best->good_rows() == best->sample.rows.size();
  dialect.rows = best->sample.rows.size();
  dialect.plain_header = dialect.header && HasPlainNames(best->sample.rows[0]);
  for (size_t i = 0; i < best->width; ++i) {
    dialect.columns.push_back(dialect.header ? std::string(TrimAscii(best->sample.rows[0][i])) : std::to_string(i + 1));
  }
  return dialect;
}

}  // namespace winnow
