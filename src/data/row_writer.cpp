#include "data/row_writer.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/ascii.h"
#include "base/json.h"
#include "base/output_file.h"

namespace winnow {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 18;

std::string JsonText(std::string_view text) { return Json(text).dump(); }

std::string JsonValue(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNumber:
    case Value::Kind::kBool:
      return value.text;  // as JSON spelt it
    case Value::Kind::kList: {
      if (!value.json.empty()) return value.json;
      std::string list;
      const bool numbers = !value.shares.empty();
      for (const std::string& item : value.items) {
        list += (list.empty() ? "" : ", ") + (numbers ? item : JsonText(item));
      }
      return "[" + list + "]";
    }
    case Value::Kind::kShares:
    case Value::Kind::kOther:
      return value.json;
    default:
      return JsonText(value.text);
  }
}

std::string JsonLine(const std::vector<Field>& row) {
  std::string line;
  for (const Field& field : row) {
    line += (line.empty() ? "{" : ", ") + JsonText(field.name) + ": " + JsonValue(field.value);
  }
  return (line.empty() ? "{" : line) + "}\n";
}

/// Returns how many of the fields before the field `i` have its name.
size_t EarlierOfName(std::span<const Field> fields, size_t i) {
  return static_cast<size_t>(std::ranges::count_if(
      fields.first(i), [&](const Field& field) { return !field.inner && field.name == fields[i].name; }));
}

std::string_view CellText(const Value& value) {
  if (value.kind != Value::Kind::kList) return value.text;
  return value.items.empty() ? std::string_view() : std::string_view(value.items[0]);
}

std::string Quoted(std::string_view cell) {
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

bool NeedsQuotes(std::string_view cell, char delimiter) {
  return cell.find_first_of(std::string("\r\n\"") + delimiter) != std::string_view::npos;
}

/// Returns true if a plain line would give the field back as something else.
bool BreaksPlainLine(std::string_view cell, char delimiter) {
  return cell.starts_with('"') || cell.find_first_of(std::string("\r\n") + delimiter) != std::string_view::npos;
}

/// Hands pieces of a good size to the file.
class Pieces {
 public:
  explicit Pieces(const FileSink& sink) : sink_(sink) {}
  Result<void> Add(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBufferBytes ? Result<void>() : Flush();
  }
  Result<void> Flush() {
    TRY(sink_(std::as_bytes(std::span(buffer_))));
    buffer_.clear();
    return {};
  }

 private:
  const FileSink& sink_;
  std::string buffer_;
};

/// The way in which a table is written.
struct TableStyle {
  char delimiter;
  bool quotes;

  std::string Line(std::span<const std::string_view> cells, bool quote_all) const {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += delimiter;
      const bool quote = quotes && (quote_all || NeedsQuotes(cells[i], delimiter));
      line += quote ? Quoted(cells[i]) : std::string(cells[i]);
    }
    return line + "\n";
  }
};

}  // namespace

Field TextField(std::string name, std::string text) {
  return {std::move(name), {Value::Kind::kText, std::move(text), {}}};
}

Result<RowWriter> RowWriter::For(const std::filesystem::path& path) {
  const std::string extension = LowerAscii(path.extension().string());
  if (extension == ".tsv") return RowWriter(path, '\t');
  if (extension == ".csv") return RowWriter(path, ',');
  if (extension == ".jsonl" || extension == ".ndjson") return RowWriter(path, '\0');
  return Fail(ErrorCode::kInvalidArgument, path.string() + ": cannot infer the output format from the file name",
              "use a file name that ends in .tsv, .csv or .jsonl");
}

void RowWriter::Add(std::span<const Field> fields) {
  std::vector<Field> kept;
  std::string cells;
  const bool json = delimiter_ == '\0';
  const bool unique = HaveUniqueNames(fields);
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (field.inner || field.value.kind == Value::Kind::kMissing) continue;
    const bool object = field.value.kind == Value::Kind::kOther || field.value.kind == Value::Kind::kShares;
    if (object && (!json || field.value.json.empty())) {
      left_out_.insert(field.name);
      continue;
    }
    const size_t earlier = unique ? 0 : EarlierOfName(fields, i);
    if (json) {
      kept.push_back(field);
      if (earlier > 0) kept.back().name += "." + std::to_string(earlier);
    } else {
      AppendCell(field, earlier, cells);
    }
  }
  const Result<void> added = rows_.Add(delimiter_ == '\0' ? JsonLine(kept) : cells);
  if (error_ && !added) error_ = added;
}

/// Returns true if no two fields have one name. Most rows have the names of the row before, so that hundreds of columns
/// are not compared with each other in every row.
bool RowWriter::HaveUniqueNames(std::span<const Field> fields) {
  if (!std::ranges::equal(fields, names_, {}, &Field::name)) {
    names_.clear();
    for (const Field& field : fields) names_.push_back(field.name);
    unique_names_ = std::unordered_set<std::string_view>(names_.begin(), names_.end()).size() == names_.size();
  }
  return unique_names_;
}

/// Returns the column of that name behind `earlier` others of that name; adds it if there is none.
size_t RowWriter::ColumnOf(const std::string& name, size_t earlier) {
  const auto [first, fresh] = first_column_.try_emplace(name, columns_.size());
  if (fresh) columns_.push_back(name);
  if (fresh || earlier == 0) return first->second;
  auto column = columns_.begin() + static_cast<ptrdiff_t>(first->second);
  for (; earlier > 0 && column != columns_.end(); --earlier) column = std::find(column + 1, columns_.end(), name);
  const auto index = static_cast<size_t>(column - columns_.begin());
  if (column == columns_.end()) columns_.push_back(name);
  return index;
}

/// Appends a cell of a table to a row: column and length, 8 bytes each, and the text.
void RowWriter::AppendCell(const Field& field, size_t earlier, std::string& row) {
  if (error_ && field.value.kind == Value::Kind::kList && field.value.items.size() != 1) {
    error_ = Fail(ErrorCode::kInvalidData,
                  path_.string() + ": '" + field.name + "' contains lists, which CSV and TSV cannot represent",
                  "write JSON lines: use a file name that ends in .jsonl");
  }
  const std::string_view text = CellText(field.value);
  const uint64_t head[] = {ColumnOf(field.name, earlier), text.size()};
  needs_quotes_ = needs_quotes_ || BreaksPlainLine(text, delimiter_);
  row.append(reinterpret_cast<const char*>(head), sizeof(head));
  row += text;
}

Result<void> RowWriter::Write() const {
  TRY(error_);
  if (delimiter_ != '\0') return WriteTable();
  return WriteOutputFile(path_, [&](const FileSink& sink) -> Result<void> {
    Pieces pieces(sink);
    TRY(rows_.ForEach([&](std::string_view line) { return pieces.Add(line); }));
    return pieces.Flush();
  });
}

Result<void> RowWriter::WriteTable() const {
  const auto breaks = [&](std::string_view cell) { return BreaksPlainLine(cell, delimiter_); };
  const bool tabs = delimiter_ == '\t';
  const TableStyle style{delimiter_, !tabs || needs_quotes_ || std::ranges::any_of(columns_, breaks)};
  return WriteOutputFile(path_, [&](const FileSink& sink) -> Result<void> {
    Pieces pieces(sink);
    std::vector<std::string_view> cells(columns_.begin(), columns_.end());
    TRY(pieces.Add(style.Line(cells, tabs)));
    TRY(rows_.ForEach([&](std::string_view row) {
      std::ranges::fill(cells, std::string_view());
      while (!row.empty()) {
        uint64_t head[2];
        std::memcpy(head, row.data(), sizeof(head));
        cells[head[0]] = row.substr(sizeof(head), head[1]);
        row.remove_prefix(sizeof(head) + head[1]);
      }
      return pieces.Add(style.Line(cells, false));
    }));
    return pieces.Flush();
  });
}

}  // namespace winnow
