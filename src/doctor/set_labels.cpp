#include "doctor/set_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "data/columns.h"
#include "data/label_lists.h"

namespace winnow {
namespace {

constexpr std::string_view kListMarks = ",;|";

bool Contains(std::span<const std::string> names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool IsJsonNumber(const std::string& label) {
  const Result<Json> json = ParseJson(label, "label");
  return json && json->is_number();
}

bool AreJsonNumbers(std::span<const std::string> labels) { return std::ranges::all_of(labels, IsJsonNumber); }

/// A list of labels as Python prints it, and as ParseLabelList reads it.
std::string ListText(std::span<const std::string> labels, bool numbers) {
  std::vector<std::string> items;
  for (const std::string& label : labels) {
    std::string item;
    for (const char c : label) {
      if (!numbers && (c == '\'' || c == '\\')) item += '\\';
      item += c;
    }
    items.push_back(numbers ? item : "'" + item + "'");
  }
  return fmt::format("[{}]", fmt::join(items, ", "));
}

/// An object of zeros and ones, such as {"toxic": 1, "threat": 0}.
std::string IndicatorsText(std::span<const std::string> labels, std::vector<std::string> names) {
  for (const std::string& label : labels) {
    if (!Contains(names, label)) names.push_back(label);
  }
  Json object = Json::object();
  for (const std::string& name : names) object[name] = Contains(labels, name) ? 1 : 0;
  return object.dump();
}

/// Returns which positions are ones. Where several positions have one label, those that the row has stay.
Result<std::vector<bool>> BitsOf(std::span<const std::string> labels, std::span<const std::string> positions,
                                 const std::vector<bool>& old_bits, std::string_view place) {
  std::vector<bool> bits(positions.size());
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = old_bits[i] && Contains(labels, positions[i]);
  for (const std::string& label : labels) {
    std::optional<size_t> first;
    bool has = false;
    for (size_t i = 0; i < bits.size(); ++i) {
      if (positions[i] != label) continue;
      first = first.value_or(i);
      has = has || bits[i];
    }
    if (!first) {
      return Fail(ErrorCode::kInvalidData, fmt::format("there is no {} for the label '{}'", place, label),
                  fmt::format("add the {} to the data first", place));
    }
    if (!has) bits[*first] = true;
  }
  return bits;
}

Result<std::vector<bool>> VectorOf(std::span<const std::string> labels, const LabelForm& form, const Value& old) {
  std::optional<std::vector<bool>> old_bits = MultiHotBits(old);
  if (!old_bits || old_bits->size() != form.positions.size()) old_bits.emplace(form.positions.size());
  return BitsOf(labels, form.positions, *old_bits, "position of the multi-hot vectors");
}

Result<void> SetColumns(std::vector<Field>& fields, const LabelForm& form, std::span<const std::string> labels) {
  std::vector<Field*> columns;
  std::vector<bool> old_bits;
  for (const std::string& name : form.fields) {
    auto field = std::ranges::find(fields, name, &Field::name);
    // A column that the file only numbers is written under this name (data/rows.h).
    if (field == fields.end()) field = std::ranges::find(fields, "column_" + name, &Field::name);
    if (field == fields.end()) return Fail(ErrorCode::kInvalidData, fmt::format("a row has no column '{}'", name));
    columns.push_back(&*field);
    old_bits.push_back(ZeroOrOne(field->value) == 1);
  }
  const std::vector<std::string>& names = form.positions.empty() ? form.fields : form.positions;
  const std::vector<bool> bits = TRY(BitsOf(labels, names, old_bits, "column"));
  for (size_t i = 0; i < columns.size(); ++i) {
    if (bits[i] == old_bits[i]) continue;
    // As the column has it: 0 and 1, or false and true.
    const bool words = columns[i]->value.kind == Value::Kind::kBool;
    columns[i]->value.text = words ? (bits[i] ? "true" : "false") : (bits[i] ? "1" : "0");
  }
  return {};
}

/// Sets the labels of a text: a name, a list or an object as Python prints it, or names between commas.
Result<void> SetCell(std::span<const std::string> labels, const LabelForm& form, std::string& text) {
  const std::optional<Value> parsed = ParseLabelList(text);
  if (!form.positions.empty()) {
    const std::optional<Value> plain = parsed ? parsed : ParseSeparatedBits(text);
    std::vector<std::string> items;
    for (const bool bit : TRY(VectorOf(labels, form, plain.value_or(Value())))) items.emplace_back(bit ? "1" : "0");
    text = ListText(items, /*numbers=*/true);
    return {};
  }
  if (parsed && parsed->kind == Value::Kind::kShares) {
    text = IndicatorsText(labels, parsed->items);
    return {};
  }
  const auto has_mark = [](const std::string& label) { return label.find_first_of(kListMarks) != std::string::npos; };
  const bool list = parsed || (form.divided ? std::ranges::any_of(labels, has_mark) : labels.size() != 1);
  if (list) {
    const bool numbers = parsed && !parsed->shares.empty() && AreJsonNumbers(labels);
    text = ListText(labels, numbers);
    return {};
  }
  const size_t mark = text.find_first_of(kListMarks);
  const std::string separator(1, form.divided && mark != std::string::npos ? text[mark] : ',');
  text = fmt::format("{}", fmt::join(labels, separator));
  return {};
}

/// Sets the labels of a list of JSON.
Result<void> SetList(std::span<const std::string> labels, const LabelForm& form, Value& value) {
  const bool numbers = !value.shares.empty();
  if (!form.positions.empty()) {
    const std::vector<bool> bits = TRY(VectorOf(labels, form, value));
    const bool words = !numbers && !value.json.empty();
    value.items.clear();
    value.shares.clear();
    value.json.clear();
    for (const bool bit : bits) {
      value.items.emplace_back(bit ? "1" : "0");
      if (numbers) value.shares.push_back(bit ? 1 : 0);
      if (words) value.json += (value.json.empty() ? "[" : ", ") + std::string(bit ? "true" : "false");
    }
    if (words) value.json += "]";
    return {};
  }
  value.items.assign(labels.begin(), labels.end());
  value.json.clear();
  value.shares.assign(numbers && AreJsonNumbers(labels) ? labels.size() : 0, 0);
  return {};
}

Result<void> SetValue(std::span<const std::string> labels, const LabelForm& form, Value& value) {
  switch (value.kind) {
    case Value::Kind::kShares:
      value.json = IndicatorsText(labels, value.items);
      return {};
    case Value::Kind::kList:
      return SetList(labels, form, value);
    case Value::Kind::kNumber:
    case Value::Kind::kBool: {
      if (labels.size() != 1) {
        value = {Value::Kind::kList, {}, {labels.begin(), labels.end()}};
        return {};
      }
      const std::string& label = labels.front();
      const bool stays = value.kind == Value::Kind::kNumber ? IsJsonNumber(label) : label == "true" || label == "false";
      value = {stays ? value.kind : Value::Kind::kText, label, {}};
      return {};
    }
    default:
      break;
  }
  std::string text = std::move(value.text);
  TRY(SetCell(labels, form, text));
  value = {Value::Kind::kText, std::move(text), {}};
  return {};
}

Json JsonOf(const std::string& label, bool number) {
  if (number) {
    if (Result<Json> json = ParseJson(label, "label")) return *std::move(json);
  }
  return Json(label);
}

/// Sets the labels of a member of an object, such as label.name of {"label": {"name": "spam", "id": 3}}. Rows are
/// written with the object, so it is the object that changes.
Result<void> SetInnerLabel(std::vector<Field>& fields, const Field& inner, const LabelForm& form,
                           std::span<const std::string> labels) {
  for (Field& outer : fields) {
    if (outer.inner || outer.value.json.empty() || !inner.name.starts_with(outer.name + ".")) continue;
    Json object = TRY(ParseJsonLeniently(outer.value.json, JsonOrder::kAsWritten));
    const std::string member = inner.name.substr(outer.name.size() + 1);
    if (!object.is_object() || !object.contains(member)) continue;
    Json& value = object[member];
    if (value.is_array() && !form.positions.empty()) {
      const bool words = !value.empty() && value[0].is_boolean();
      const std::vector<bool> bits = TRY(VectorOf(labels, form, inner.value));
      value = Json::array();
      for (const bool bit : bits) value.push_back(words ? Json(bit) : Json(bit ? 1 : 0));
    } else if (value.is_array()) {
      const bool numbers = !inner.value.shares.empty() && AreJsonNumbers(labels);
      value = Json::array();
      for (const std::string& label : labels) value.push_back(JsonOf(label, numbers));
    } else if (value.is_string()) {
      std::string text = value.get<std::string>();
      TRY(SetCell(labels, form, text));
      value = text;
    } else if (labels.size() == 1) {
      value = JsonOf(labels.front(), value.is_number() && IsJsonNumber(labels.front()));
    } else {
      value = Json::array();
      for (const std::string& label : labels) value.push_back(label);
    }
    outer.value.json = object.dump();
    return {};
  }
  return Fail(ErrorCode::kInvalidData, fmt::format("the label '{}' cannot be changed in its object", inner.name),
              "write the label into a field of its own first");
}

}  // namespace

Result<void> SetLabels(std::vector<Field>& fields, const LabelForm& form, std::span<const std::string> labels) {
  if (form.fields.size() > 1) return SetColumns(fields, form, labels);
  const auto find = [&](const std::string& name) { return std::ranges::find(fields, name, &Field::name); };
  auto field = find(form.fields.empty() ? "label" : form.fields[0]);
  if (field == fields.end()) field = find("label");  // a column that the file only numbers is written under that name
  if (field == fields.end()) field = fields.insert(fields.end(), {"label", {Value::Kind::kText, {}, {}}});
  if (field->inner) return SetInnerLabel(fields, *field, form, labels);
  return SetValue(labels, form, field->value);
}

}  // namespace winnow
