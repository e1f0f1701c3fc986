#include "workspace/relabel_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_edit.h"
#include "data/encoding.h"
#include "data/fasttext.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

struct Place {
  size_t begin = 0, end = 0;  // of a field, its quotes included
};

/// Returns the position behind the quote that closes the field that the quote at `at` opens.
size_t EndOfQuoted(std::string_view row, const Dialect& dialect, size_t at) {
  for (++at; at < row.size(); ++at) {
    if (dialect.escape != '\0' && row[at] == dialect.escape) {
      ++at;
    } else if (row[at] == '"') {
      if (at + 1 == row.size() || row[at + 1] != '"') return at + 1;
      ++at;
    }
  }
  return row.size();
}

/// Returns where the fields of a row lie that CutRow divides (data/dialect.h).
std::vector<Place> PlacesOf(std::string_view row, const Dialect& dialect, char line_end) {
  std::vector<Place> places;
  size_t i = 0;
  for (;;) {
    size_t at = i;
    if (dialect.space_before_quote) {
      const size_t after = std::min(row.find_first_not_of(' ', at), row.size());
      if (after < row.size() && row[after] == '"') at = after;
    }
    if (dialect.quotes && at < row.size() && row[at] == '"') at = EndOfQuoted(row, dialect, at);
    while (at < row.size() && row[at] != dialect.delimiter && row[at] != line_end) ++at;
    const bool ends = at == row.size() || row[at] == line_end;
    places.push_back({i, ends && at > i && row[at - 1] == '\r' ? at - 1 : at});
    if (ends) return places;
    i = at + 1;
  }
}

/// Returns a field as the table has it. `quoted`: the field that it replaces has quotes.
Result<std::string> CellOf(const std::string& text, const Dialect& dialect, char line_end, bool quoted) {
  const bool special = text.find(dialect.delimiter) != std::string::npos || text.find(line_end) != std::string::npos ||
                       text.find_first_of("\r\n") != std::string::npos;
  if (!dialect.quotes) {
    if (!special) return text;
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the label '{}' contains the character that divides the columns of the file", text));
  }
  const bool escaped = dialect.escape != '\0' && text.find(dialect.escape) != std::string::npos;
  if (!quoted && !special && !escaped && text.find('"') == std::string::npos && !text.starts_with(' ')) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (dialect.escape != '\0' && (c == '"' || c == dialect.escape)) {
      cell += dialect.escape;
    } else if (c == '"') {
      cell += '"';
    }
    cell += c;
  }
  return cell + '"';
}

/// Returns the error of a row that is no object, or has other flaws, as one of the format.
template <typename T>
Result<T> Supported(Result<T> result) {
  if (result) return result;
  return Fail(ErrorCode::kUnsupported, std::move(result).error().message);
}

}  // namespace

Result<std::string> RelabelTableRow(std::string_view row, const Dialect& dialect, char line_end,
                                    std::span<const std::string> label_fields, std::span<const std::string> labels) {
  const size_t mark = row.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  const std::string_view plain = row.substr(mark);
  const std::vector<Place> places = PlacesOf(plain, dialect, line_end);
  if (places.size() != dialect.columns.size()) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the row has {} columns instead of {}", places.size(), dialect.columns.size()));
  }
  const bool several = label_fields.size() > 1;
  if (!several && labels.size() > 1) {
    return Fail(ErrorCode::kUnsupported, "a row of the file has one label, not several");
  }
  for (const std::string& label : labels) {
    if (several && std::ranges::find(label_fields, label) == label_fields.end()) {
      return Fail(ErrorCode::kUnsupported, fmt::format("the file has no column for the label '{}'", label));
    }
  }
  std::string changed(row.substr(0, mark));
  size_t done = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string& column = dialect.columns[i];
    const bool first =
        std::ranges::find(dialect.columns, column) == dialect.columns.begin() + static_cast<ptrdiff_t>(i);
    if (!first || std::ranges::find(label_fields, column) == label_fields.end()) continue;
    const auto [begin, end] = places[i];
    const bool quoted = TrimAscii(plain.substr(begin, end - begin)).starts_with('"');
    const bool has = std::ranges::find(labels, column) != labels.end();
    const std::string text = several ? (has ? "1" : "0") : labels.empty() ? "" : labels.front();
    changed += plain.substr(done, begin - done);
    changed += TRY(CellOf(text, dialect, line_end, quoted && dialect.quotes));
    done = end;
  }
  changed += plain.substr(done);
  return changed;
}

Result<std::string> RelabelJsonLine(std::string_view line, const std::string& label_field,
                                    std::span<const std::string> labels) {
  size_t end = line.size();
  while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r')) --end;
  const size_t mark = line.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  const std::string_view object = line.substr(mark, end - mark);
  const std::optional<std::string_view> old = TRY(Supported(MemberText(object, label_field, "the row")));
  if (!old && label_field.find('.') != std::string::npos) {
    return Fail(ErrorCode::kUnsupported, fmt::format("the label of the row lies inside an object: {}", label_field));
  }
  const Json was = old ? TRY(Supported(ParseJson(*old, "the label"))) : Json();
  if (was.is_object()) return Fail(ErrorCode::kUnsupported, "the label of the row is an object");
  Json value;
  if (was.is_array() || labels.size() > 1) {
    value = Json(labels);
  } else if (labels.size() == 1) {
    value = labels.front();
    // A number stays a number where the new name is one.
    const Result<Json> spelled = was.is_number() || was.is_boolean() ? ParseJson(labels.front(), "label") : Json();
    if (spelled && (spelled->is_number() || spelled->is_boolean())) value = *spelled;
  }
  std::string changed(line.substr(0, mark));
  changed += TRY(Supported(WithMember(object, label_field, value, "the row")));
  changed += line.substr(end);
  return changed;
}

Result<std::string> RelabelFastTextLine(std::string_view line, std::span<const std::string> labels) {
  size_t end = line.size();
  while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r')) --end;
  const size_t mark = line.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  std::string changed(line.substr(0, mark));
  for (const std::string& label : labels) {
    if (label.find_first_of(" \t") != std::string::npos) {
      return Fail(ErrorCode::kUnsupported, fmt::format("labels of a fastText file have no spaces: '{}'", label));
    }
    changed += std::string(changed.size() > mark ? " " : "") + std::string(kFastTextPrefix) + label;
  }
  const std::string_view words = line.substr(mark, end - mark);
  std::string text;
  // Words are kept with the space before them; a label goes with its space, as the reader has it.
  for (size_t i = 0; i < words.size();) {
    const size_t word = std::min(words.find_first_not_of(" \t", i), words.size());
    const size_t after = std::min(words.find_first_of(" \t", word), words.size());
    if (!words.substr(word, after - word).starts_with(kFastTextPrefix)) text += words.substr(i, after - i);
    i = after;
  }
  if (!labels.empty() && !text.starts_with(' ') && !text.starts_with('\t')) changed += ' ';
  changed += text;
  changed += line.substr(end);
  return changed;
}

}  // namespace winnow
