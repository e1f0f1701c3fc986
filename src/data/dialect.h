/// Dialects of delimited text, and their detection from the first bytes of a file.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// How quotes are read in delimited text.
enum class Quoting {
  kAuto,  ///< determined from the contents
  kCsv,   ///< a field that begins with a quote ends with one, and contains quotes that are doubled or escaped
  kNone,  ///< quotes are plain characters
};

/// The values of a column that tell rows from other text: whole numbers in each row, or a few values that recur.
struct ColumnProfile {
  bool numbers = false;
  std::set<std::string, std::less<>> recurring;  ///< all values; empty if they are too many

  /// Returns true if the value is one that the column may contain. False for columns of any text.
  bool Accepts(std::string_view value) const;
};

/// The rules by which delimited text is divided into rows and fields.
struct Dialect {
  char delimiter = ',';                   ///< a table of one column has none: then this is the line end
  bool quotes = true;                     ///< true for Quoting::kCsv, false for Quoting::kNone
  bool space_before_quote = false;        ///< true if spaces between a delimiter and a quote are skipped
  char escape = '\0';                     ///< character that escapes a quote within a quoted field; 0: none
  bool header = false;                    ///< true if the first row contains the names of the columns
  size_t skipped_lines = 0;               ///< lines before the first row: Excel's "sep=;", comments
  std::vector<std::string> columns = {};  ///< names from the header, or "1", "2"...
  bool plain_header = false;              ///< true if each name of the header is a single word
  bool even = false;            ///< true if all rows that were examined have as many fields as there are columns
  size_t rows = 0;              ///< number of rows that were examined, the header included
  bool quotes_needed = false;   ///< true if quoted fields contain quotes or line ends, or the whole header is quoted
  bool unknown_header = false;  ///< true if a first row without a usual name looks like the name of the only column
  std::string first_name = {};  ///< the first row, if `unknown_header` is true
  bool quotes_given = false;    ///< true if the user specified how quotes are read
  std::vector<ColumnProfile> profiles = {};  ///< contents of the columns, where they show whether a line is a row
  std::vector<std::string> notes = {};  ///< assumptions that deviate from RFC 4180, for people: "quotes are characters"
};

/// What the user specified about delimited files; each setting replaces the detection of one property.
struct DialectWishes {
  char delimiter = '\0';  ///< 0: detected
  Quoting quoting = Quoting::kAuto;
  bool no_header = false;  ///< true if the first row is data
};

/// One row of delimited text, divided into fields. The memory of the fields is reused.
struct CsvRow {
  std::vector<std::string> cells;  ///< the first `count` are in use
  size_t count = 0;
  size_t used = 0;                ///< bytes of the row, its line end included
  size_t quote_at = 0;            ///< position of the quote that opened the last quoted field
  size_t quoted = 0;              ///< number of quoted fields
  bool tail_after_quote = false;  ///< true if text follows a closing quote, which RFC 4180 does not allow
  bool quotes_needed = false;     ///< true if a quoted field contains a quote or a line end
  bool lines_in_quotes = false;   ///< true if a quoted field contains a line end

  std::span<const std::string> fields() const { return std::span(cells).first(count); }
  /// Returns true for an empty line.
  bool blank() const { return count == 1 && cells[0].empty(); }
};

enum class RowEnd { kComplete, kNeedsMore, kOpenQuote };

/// Divides the first row of `text` into fields. `last`: nothing follows the text, so that its end ends the row.
/// kNeedsMore: the text ends within the row. kOpenQuote: the text ends within a quoted field.
RowEnd CutRow(std::string_view text, const Dialect& dialect, char line_end, bool last, CsvRow& row);

/// Determines the dialect from the first bytes of a file. The delimiter is the one that gives the most rows an equal
/// number of fields. Without a delimiter the text is a table of one column if its first row is a usual name, or one of
/// `known_names`; or if the extension or the wishes say that it is a table. Nothing otherwise.
/// - Quotes are plain characters in a TSV unless its rows use them as pandas writes them, or every field of its first
///   row is quoted (data/row_writer.h). In any file they are plain characters if every line has the same number of
///   fields then, and a quote that opens a field does not close it in the same line.
/// - A backslash escapes quotes, and spaces before a quote are skipped, if more rows have an equal number of fields
/// then.
/// - The first row is a header if it contains a usual name of a column or one of `known_names`, and no name of a column
///   with recurring values occurs again in it.
/// `extension` (".csv", ".tsv" or any other) settles ties.
std::optional<Dialect> DetectDialect(std::string_view sample, std::string_view extension,
                                     std::span<const std::string> known_names, const DialectWishes& wishes = {});

}  // namespace winnow
