#include "data/json_records.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"
#include "base/json.h"
#include "base/parse_number.h"
#include "data/columns.h"
#include "data/label_names.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kMaxInnerFields = 1000;  // of one row

bool IsScalar(const Json& json) { return json.is_string() || json.is_number() || json.is_boolean(); }

bool IsScalarList(const Json& json) { return json.is_array() && std::all_of(json.begin(), json.end(), IsScalar); }

std::string Spelling(const Json& json) {
  if (json.is_string()) return json.str();
  return json.dump();  // a number or a boolean
}

bool IsText(const Json& json) { return json.is_string(); }

bool IsCell(const Json& json) { return IsScalar(json) || json.is_null(); }

/// Returns true for a list of scalars and nulls, with at least one scalar.
bool IsColumn(const Json& json) {
  return json.is_array() && std::any_of(json.begin(), json.end(), IsScalar) &&
         std::all_of(json.begin(), json.end(), IsCell);
}

/// Returns true for an object of scalars by row number, as pandas writes a column.
bool IsNumbered(const Json& json) {
  return json.is_object() && !json.empty() && std::ranges::all_of(json.items(), [](const Json::Member& member) {
           return IsCell(member.second) && !member.first.empty() && AreAsciiDigits(member.first);
         });
}

const Json* Member(const Json& object, std::string_view name) {
  const auto found = std::ranges::find(object.items(), name, &Json::Member::first);
  return found == object.items().end() ? nullptr : &found->second;
}

/// Returns true if a value is NaN or Infinity, as Python's json module writes numbers that JSON does not have.
bool HoldsNotANumber(std::string_view text) {
  for (const std::string_view word : {"NaN", "Infinity"}) {
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      const std::string_view before = TrimAscii(text.substr(at > 16 ? at - 16 : 0, std::min<size_t>(at, 16)));
      const std::string_view after = TrimAscii(text.substr(at + word.size(), 16));
      const bool begins =
          before.ends_with(':') || before.ends_with(',') || before.ends_with('[') || before.ends_with('-');
      if (begins && (after.starts_with(',') || after.starts_with('}') || after.starts_with(']'))) return true;
    }
  }
  return false;
}

/// Returns the code unit of the escape \uXXXX that begins at `at`; nothing if there is none.
std::optional<uint32_t> EscapedUnit(std::string_view json, size_t at) {
  if (json.substr(at, 2) != "\\u" || at + 6 > json.size()) return std::nullopt;
  return ParseNumber<uint32_t>(json.substr(at + 2, 4), 16);
}

/// Replaces escapes of half a surrogate pair, which Python's json module writes and reads but JSON does not have, by
/// that of U+FFFD. Returns false if there are none.
bool ReplaceLoneSurrogates(std::string& json) {
  bool found = false;
  for (size_t at = json.find('\\'); at != std::string::npos; at = json.find('\\', at)) {
    const std::optional<uint32_t> unit = EscapedUnit(json, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const auto is = [](std::optional<uint32_t> one, uint32_t first) { return one && (*one & 0xFC00) == first; };
    const bool pair = is(unit, 0xD800) && is(EscapedUnit(json, at + 6), 0xDC00);
    if (!pair && (is(unit, 0xD800) || is(unit, 0xDC00))) {
      json.replace(at, 6, "\\uFFFD");
      found = true;
    }
    at += pair ? 12 : 6;
  }
  return found;
}

constexpr std::string_view kLoneSurrogates = "half of a surrogate pair, such as \\ud83d, is read as U+FFFD";

void Convert(const Json& json, Value& value) {
  value.text.clear();
  value.items.clear();
  value.shares.clear();
  value.json.clear();
  if (json.is_null()) {
    value.kind = Value::Kind::kMissing;
  } else if (IsScalar(json)) {
    value.kind = json.is_string() ? Value::Kind::kText : json.is_number() ? Value::Kind::kNumber : Value::Kind::kBool;
    value.text = Spelling(json);
  } else if (IsScalarList(json)) {
    value.kind = Value::Kind::kList;
    const bool numbers = std::all_of(json.begin(), json.end(), [](const Json& item) { return item.is_number(); });
    bool plain = numbers || std::all_of(json.begin(), json.end(), IsText);
    for (const Json& item : json) {
      const std::string spelling = Spelling(item);
      value.items.push_back(numbers ? NumberName(spelling) : spelling);
      if (numbers) value.shares.push_back(item.get<double>());
      plain = plain && value.items.back() == spelling;
    }
    if (!plain) value.json = json.dump();
  } else if (json.is_object() && !json.empty() && std::ranges::all_of(json.items(), [](const Json::Member& item) {
               return item.second.is_number() || item.second.is_boolean();
             })) {
    value.kind = Value::Kind::kShares;
    for (const auto& [name, share] : json.items()) {
      value.items.push_back(name);
      value.shares.push_back(share.is_boolean() ? static_cast<double>(share.get<bool>()) : share.get<double>());
    }
    value.json = json.dump();
  } else {
    value.kind = Value::Kind::kOther;
    value.json = json.dump();
    for (const Json::Member& member : json.items()) value.items.push_back(member.first);
  }
}

void ConvertObject(const Json& object, Record& record) {
  record.fields.resize(object.size());
  size_t i = 0;
  for (const auto& [name, json] : object.items()) {
    record.fields[i].name = name;
    record.fields[i].inner = false;
    Convert(json, record.fields[i].value);
    ++i;
  }
  // "label": {"name": "spam", "id": 1} also has the fields label.name and label.id; the JSON-MIN of Label Studio has
  // "label": {"choices": ["spam", "urgent"]}.
  for (const auto& [name, json] : object.items()) {
    if (record.fields.size() > kMaxInnerFields) break;
    for (const auto& [inner, value] : json.items()) {
      if (!IsScalar(value) && !IsScalarList(value)) continue;
      Field& field = record.fields.emplace_back();
      field.name = name + "." + inner;
      field.inner = true;
      Convert(value, field.value);
    }
  }
}

/// The value of one row in a column of a document by columns: a list, or an object by row number as pandas writes it.
const Json& Cell(const Json& column, size_t row) {
  return column.is_array() ? column[row] : column.items()[row].second;
}

class JsonLinesReader : public RecordReader {
 public:
  explicit JsonLinesReader(TextStream stream) : RecordReader(std::move(stream)) {}

  Result<Step> Next(Record& record) override {
    do {
      record.row = stream_.line();
      if (!TRY(stream_.NextLine(line_))) return Step::kEnd;
    } while (TrimAscii(line_).empty());
    Result<Json> json = ParseJsonLeniently(line_, JsonOrder::kAsWritten);
    if (!json && ReplaceLoneSurrogates(line_)) {
      json = ParseJsonLeniently(line_, JsonOrder::kAsWritten);
      if (json && ++lone_surrogates_ == 1) first_lone_surrogate_ = record.row;
    }
    if (!json) {
      bad_reason_ = "not JSON: " + json.error().message;
      if (HoldsNotANumber(line_)) bad_reason_ += "; NaN and Infinity are not valid in JSON";
      return Step::kBadRow;
    }
    if (!json->is_object()) {
      bad_reason_ = std::string("a JSON ") + json->type_name() + " instead of an object";
      return Step::kBadRow;
    }
    ConvertObject(*json, record);
    return Step::kRecord;
  }

  std::string Description() const override { return "JSON lines"; }
  Format format() const override { return Format::kJsonLines; }
  std::vector<std::string> notes() const override {
    if (lone_surrogates_ == 0) return {};
    return {std::string(kLoneSurrogates) + " in " + std::to_string(lone_surrogates_) +
            (lone_surrogates_ == 1 ? " row" : " rows") + ", the first in line " +
            std::to_string(first_lone_surrogate_)};
  }

 private:
  std::string line_;
  size_t lone_surrogates_ = 0;  // rows with half of a pair
  size_t first_lone_surrogate_ = 0;
};

class JsonDocumentReader : public RecordReader {
 public:
  JsonDocumentReader(TextStream stream, std::vector<std::pair<std::string, Json>> parts, std::vector<std::string> notes)
      : RecordReader(std::move(stream)), parts_(std::move(parts)), notes_(std::move(notes)) {}

  Result<Step> Next(Record& record) override {
    while (part_ < parts_.size() && item_ == parts_[part_].second.size()) {
      ++part_;
      item_ = 0;
    }
    if (part_ == parts_.size()) return Step::kEnd;
    const auto& [split, items] = parts_[part_];
    const Json& item = items[item_++];
    record.row = ++row_;
    if (item.is_object()) {
      ConvertObject(item, record);
    } else if (item.is_string()) {
      record.fields.resize(1);
      record.fields[0].name = "text";
      record.fields[0].inner = false;
      Convert(item, record.fields[0].value);
    } else if (item.is_array() && item.size() == 2) {
      record.fields.resize(2);
      record.fields[0].name = "text";
      record.fields[1].name = "label";
      Convert(item[0], record.fields[0].value);
      Convert(item[1], record.fields[1].value);
    } else {
      bad_reason_ = "neither an object nor a text nor a [text, label] pair";
      return Step::kBadRow;
    }
    if (!split.empty() && record.Find("split") == nullptr) {
      record.fields.push_back({"split", {Value::Kind::kText, split, {}}});
    }
    return Step::kRecord;
  }

  std::string Description() const override {
    return parts_.size() == 1 && parts_[0].first.empty()
               ? "a JSON list"
               : "a JSON document of " + std::to_string(parts_.size()) + " lists";
  }
  std::string_view row_word() const override { return "item"; }
  std::vector<std::string> notes() const override { return notes_; }
  Format format() const override { return Format::kJson; }

 private:
  std::vector<std::pair<std::string, Json>> parts_;
  std::vector<std::string> notes_;
  size_t part_ = 0;
  size_t item_ = 0;
  size_t row_ = 0;
};

/// A document by columns: {"text": ["a", "b"], "label": ["x", "y"]}, or each column an object by row number.
class JsonColumnsReader : public RecordReader {
 public:
  JsonColumnsReader(TextStream stream, Json columns, std::vector<std::string> notes)
      : RecordReader(std::move(stream)), columns_(std::move(columns)), notes_(std::move(notes)) {}

  Result<Step> Next(Record& record) override {
    if (row_ == columns_.items()[0].second.size()) return Step::kEnd;
    record.fields.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto& [name, column] = columns_.items()[i];
      record.fields[i].name = name;
      Convert(Cell(column, row_), record.fields[i].value);
    }
    record.row = ++row_;
    return Step::kRecord;
  }

  std::string Description() const override {
    return "a JSON document of " + std::to_string(columns_.size()) + (columns_.size() == 1 ? " column" : " columns");
  }
  std::string_view row_word() const override { return "item"; }
  std::vector<std::string> notes() const override { return notes_; }
  Format format() const override { return Format::kJson; }

 private:
  const Json columns_;
  std::vector<std::string> notes_;
  size_t row_ = 0;
};

}  // namespace

std::optional<Error> UnreadForm(const Json& json) {
  const auto& members = json.items();
  if (members.empty()) return std::nullopt;
  const auto fail = [](const std::string& what, const std::string& hint) {
    return Error{ErrorCode::kInvalidData, what, hint};
  };
  const std::string records = "write it with pandas' to_json(orient='records', lines=True)";
  const Json* columns = Member(json, "columns");
  const Json* data = Member(json, "data");
  if (columns != nullptr && data != nullptr && columns->is_array() && data->is_array() &&
      (data->empty() || (*data)[0].is_array())) {
    return fail("a JSON document in the form of pandas' orient='split', which is not read", records);
  }
  const auto is_row = [&](const Json::Member& member) {
    if (!member.second.is_object() || member.second.empty()) return false;
    return (AreAsciiDigits(member.first) && !AreAsciiDigits(member.second.items()[0].first)) ||
           std::ranges::any_of(member.second.items(), [](const Json::Member& cell) {
             return (IsTextName(cell.first) || IsLabelName(cell.first)) && !cell.second.is_structured();
           });
  };
  if (std::ranges::all_of(members, is_row)) {
    return fail("a JSON document of objects by row, in the form of pandas' orient='index', which is not read", records);
  }
  if (HoldsColumns(json)) return std::nullopt;
  const auto text = std::ranges::find_if(members, [](const Json::Member& member) {
    return IsTextName(member.first) && (IsColumn(member.second) || IsNumbered(member.second));
  });
  if (text == members.end()) return std::nullopt;
  const Json& texts = text->second;
  for (const auto& [name, column] : members) {
    if (column.is_structured() && column.is_array() == texts.is_array() && column.size() == texts.size()) continue;
    return fail("the JSON document is a table by columns, but '" + text->first + "' has " +
                    std::to_string(texts.size()) + " rows and '" + name + "' " +
                    (column.is_structured() ? "has " + std::to_string(column.size()) : "is a single value"),
                "write each column with a value for each row, or the rows as JSON lines, one object per line");
  }
  return std::nullopt;
}

bool HoldsTexts(const Json& json) { return IsColumn(json) && std::all_of(json.begin(), json.end(), IsText); }

bool HoldsColumns(const Json& json) {
  if (json.items().empty()) return false;
  const Json& first = json.items()[0].second;
  if (!first.is_structured() || first.empty()) return false;
  if (json.items().size() == 1 && !IsColumn(first) && !IsNumbered(first)) return false;
  const bool table = std::ranges::all_of(json.items(), [&](const Json::Member& member) {
    const Json& column = member.second;
    if (first.is_array()) return column.is_array() && column.size() == first.size();
    return std::ranges::equal(column.items(), first.items(), {}, &Json::Member::first, &Json::Member::first);
  });
  return table &&
         std::ranges::any_of(json.items(), [](const Json::Member& member) { return IsScalar(Cell(member.second, 0)); });
}

Result<std::unique_ptr<RecordReader>> MakeJsonLinesReader(TextStream stream) {
  return std::make_unique<JsonLinesReader>(std::move(stream));
}

Result<std::unique_ptr<RecordReader>> MakeJsonDocumentReader(TextStream stream) {
  constexpr size_t kMaxDocumentBytes = size_t{1} << 30;
  const bool limited = stream.most_record_bytes() < TextStream::kMaxRecordBytes;
  const size_t most = limited ? stream.most_record_bytes() : kMaxDocumentBytes;
  std::string text;
  do {
    text += stream.buffered();
    stream.Consume(stream.buffered().size());
    if (text.size() > most) {
      return Fail(ErrorCode::kInvalidData,
                  stream.name() + ": the JSON document is larger than " + std::to_string(most >> 20) + " MiB",
                  "write it as JSON lines, one object per line: `jq -c '.[]'`");
    }
  } while (TRY(stream.Fill()));
  Result<Json> parsed = ParseJsonLeniently(text, JsonOrder::kAsWritten);
  std::vector<std::string> notes;
  if (!parsed && ReplaceLoneSurrogates(text)) {
    parsed = ParseJsonLeniently(text, JsonOrder::kAsWritten);
    notes.emplace_back(kLoneSurrogates);
  }
  if (!parsed) {
    return Fail(ErrorCode::kInvalidData, stream.name() + ": not a JSON document: " + parsed.error().message,
                HoldsNotANumber(text)
                    ? "NaN and Infinity are not valid in JSON: write null or a text instead, as pandas' to_json does; "
                      "Python's json.dumps(..., allow_nan=False) finds them"
                    : "the file may be truncated; JSON lines need one complete object per line");
  }
  Json json = *std::move(parsed);
  if (std::optional<Error> unread = UnreadForm(json)) {
    unread->message = stream.name() + ": " + unread->message;
    return std::unexpected(*std::move(unread));
  }
  if (HoldsColumns(json)) {
    return std::make_unique<JsonColumnsReader>(std::move(stream), std::move(json), std::move(notes));
  }
  std::vector<std::pair<std::string, Json>> parts;
  if (json.is_array()) {
    parts.emplace_back(std::string(), std::move(json));
  } else if (json.is_object()) {
    for (auto& [name, list] : json.items()) {
      if (list.is_array()) parts.emplace_back(name, std::move(list));
    }
  }
  if (parts.empty()) {
    return Fail(ErrorCode::kInvalidData, stream.name() + ": the JSON document contains no list of texts",
                "expected [{\"text\": ..., \"label\": ...}, ...] (pandas: to_json(orient='records')) or "
                "{\"train\": [[text, label], ...]}");
  }
  return std::make_unique<JsonDocumentReader>(std::move(stream), std::move(parts), std::move(notes));
}

}  // namespace winnow
