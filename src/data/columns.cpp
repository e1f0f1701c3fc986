#include "data/columns.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "text/text_parts.h"

namespace winnow {
namespace {

// In order of preference: where a file has several of them, the first here is taken.
constexpr std::array kLabelNames = {"label", "labels", "category", "intent",    "class",   "target",  "label_text",
                                    "topic", "tag",    "tags",     "sentiment", "classes", "is_spam", "v1"};
constexpr std::array kTextNames = {"text",    "message", "raw_input", "sentence", "comment_text", "tweet",
                                   "comment", "content", "utterance", "body",     "sms",          "question",
                                   "query",   "review",  "post",      "document", "email",        "v2"};

template <size_t n>
std::optional<std::string> FirstNamed(const std::array<const char*, n>& usual, std::span<const std::string> names) {
  for (const char* candidate : usual) {
    for (const std::string& name : names) {
      if (LowerAscii(name) == candidate) return name;
    }
  }
  return std::nullopt;
}

bool Contains(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string Listed(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ", ";
    if (list.size() > 400) return list + "...";
    list += name.empty() ? "(no name)" : name;
  }
  return list;
}

std::vector<std::string> NamesOf(const RecordReader& reader, std::span<const Record> sample) {
  std::vector<std::string> names = reader.columns();
  if (!names.empty()) return names;
  for (const Record& record : sample) {
    for (const Field& field : record.fields) {
      if (!Contains(names, field.name)) names.push_back(field.name);
    }
  }
  return names;
}

/// The contents of a column without a name, as far as they tell its role.
struct ColumnShape {
  size_t distinct = 0;
  size_t spaces = 0;
  std::unordered_map<std::string, size_t> counts;
};

std::array<ColumnShape, 2> ShapesOf(std::span<const Record> sample) {
  std::array<ColumnShape, 2> shapes;
  for (const Record& record : sample) {
    for (size_t i = 0; i < 2 && i < record.fields.size(); ++i) {
      const std::string& text = record.fields[i].value.text;
      ++shapes[i].counts[text];
      shapes[i].spaces += static_cast<size_t>(std::ranges::count(text, ' '));
    }
  }
  for (ColumnShape& shape : shapes) shape.distinct = shape.counts.size();
  return shapes;
}

/// Labels recur and have few spaces. Where the sample is too small to show it, the format's convention decides.
std::optional<size_t> LabelColumn(const std::array<ColumnShape, 2>& shapes, bool label_first) {
  for (const size_t i : {0, 1}) {
    const ColumnShape& label = shapes[i];
    const ColumnShape& text = shapes[1 - i];
    if (label.distinct < text.distinct && label.spaces <= text.spaces) return i;
    if (label.distinct == text.distinct && label.spaces == 0 && text.spaces > 0) return i;
  }
  if (label_first && shapes[0].spaces == 0) return 0;
  return std::nullopt;
}

bool LooksLikeHeader(std::span<const Record> sample, const std::array<ColumnShape, 2>& shapes, size_t label) {
  const std::string& name = sample[0].fields[label].value.text;
  const std::string& other = sample[0].fields[1 - label].value.text;
  return sample.size() >= 8 && shapes[label].counts.at(name) == 1 && shapes[label].distinct * 2 <= sample.size() &&
         other.size() <= 32 && other.find(' ') == std::string::npos;
}

class Resolver {
 public:
  Resolver(const RecordReader& reader, std::span<const Record> sample, const FieldWishes& wishes)
      : reader_(reader), sample_(sample), wishes_(wishes), names_(NamesOf(reader, sample)) {}

  Result<FieldRoles> Resolve() {
    TRY(CheckGivenNames());
    TRY(ChooseText());
    if (!wishes_.label_fields.empty()) {
      if (wishes_.labels_needed) roles_.label_fields = wishes_.label_fields;
    } else {
      TRY(ChooseLabels());
    }
    return std::move(roles_);
  }

 private:
  const std::string& file() const { return reader_.stream().name(); }

  Error Missing(const std::string& what, const std::string& option) const {
    std::string where = file() + ": " + what;
    if (names_.empty()) return {ErrorCode::kInvalidData, where, "none of its rows can be read"};
    const bool numbered = !reader_.columns().empty() && !reader_.has_header();
    return {ErrorCode::kInvalidData, where,
            (numbered ? std::to_string(names_.size()) + " columns without a header, numbered " + Listed(names_)
                      : "its columns are: " + Listed(names_)) +
                "; specify one with " + option};
  }

  Result<void> CheckGivenNames() {
    if (!wishes_.text_field.empty() && wishes_.template_fields.empty() && !Contains(names_, wishes_.text_field)) {
      return std::unexpected(Missing("no column '" + wishes_.text_field + "' for the text", "--text-field"));
    }
    if (wishes_.labels_needed) {
      for (const std::string& name : wishes_.label_fields) {
        if (!Contains(names_, name)) {
          return std::unexpected(Missing("no column '" + name + "' for the label", "--label-field"));
        }
      }
    }
    size_t absent = 0;
    for (const std::string& name : wishes_.template_fields) {
      if (Contains(names_, name)) continue;
      ++absent;
      roles_.warnings.push_back(file() + ": there is no column '" + name + "', so the field '" + name +
                                "' of the template is empty in all texts");
    }
    if (absent > 0 && absent == wishes_.template_fields.size()) {
      return std::unexpected(Missing(
          "the file has none of the fields of the text template: " + Listed(wishes_.template_fields), "--template"));
    }
    for (const std::string& name : wishes_.filter_fields) {
      if (name != "chars" && !Contains(names_, name)) {
        return std::unexpected(Missing("no column '" + name + "' for the filter", "--filter"));
      }
    }
    return {};
  }

  Result<void> ChooseText() {
    if (!wishes_.template_fields.empty()) return {};
    if (!wishes_.text_field.empty()) {
      roles_.text_field = wishes_.text_field;
      return {};
    }
    // A file without a header is read by shape, below; its columns have no names to go by.
    const std::optional<std::string> named =
        reader_.columns().empty() || reader_.has_header() ? FirstNamed(kTextNames, names_) : std::nullopt;
    if (named) {
      roles_.text_field = *named;
      const std::array kSubjectNames = {"subject", "title"};
      if (const auto subject = FirstNamed(kSubjectNames, names_)) {
        roles_.warnings.push_back(file() + ": only the column '" + *named +
                                  "' is used as the text; to include the column '" + *subject +
                                  "' as well, pass --template '{" + *subject + "} [SEP] {" + *named + "}'");
      }
      return {};
    }
    return ChooseByShape();
  }

  Result<void> ChooseByShape() {
    const bool two = reader_.columns().size() == 2;
    if (two && !sample_.empty() && wishes_.label_fields.size() == 1) {
      roles_.text_field = names_[names_[0] == wishes_.label_fields[0] ? 1 : 0];
      return {};
    }
    if (!two || sample_.empty() || reader_.has_header()) {
      return std::unexpected(Missing("cannot determine which column contains the text", "--text-field"));
    }
    const auto shapes = ShapesOf(sample_);
    const std::optional<size_t> label = LabelColumn(shapes, reader_.label_first());
    if (!label)
      return std::unexpected(Missing("cannot determine which column contains the text and which the label",
                                     "--text-field and --label-field"));
    if (LooksLikeHeader(sample_, shapes, *label)) {
      const Record& first = sample_[0];
      return Fail(ErrorCode::kInvalidData,
                  file() + ": its first row looks like a header with unknown column names: " +
                      first.fields[0].value.text + ", " + first.fields[1].value.text,
                  "if so, pass --text-field " + first.fields[1 - *label].value.text + " --label-field " +
                      first.fields[*label].value.text + "; if not, pass --text-field " + names_[1 - *label] +
                      " --label-field " + names_[*label]);
    }
    roles_.text_field = names_[1 - *label];
    if (wishes_.labels_needed) roles_.label_fields = {names_[*label]};
    return {};
  }

  Result<void> ChooseLabels() {
    if (!wishes_.labels_needed || !roles_.label_fields.empty()) return {};
    const bool named = reader_.columns().empty() || reader_.has_header();
    if (const auto name = named ? FirstNamed(kLabelNames, names_) : std::nullopt; name && *name != roles_.text_field) {
      roles_.label_fields = {*name};
      return {};
    }
    std::vector<std::string> binary = BinaryColumns();
    if (binary.size() >= 2 && !wishes_.single_label) {
      roles_.warnings.push_back(file() + ": the labels are the 0/1 columns: " + Listed(binary) +
                                "; if only some of them are labels, specify those with --label-field");
      roles_.label_fields = std::move(binary);
      return {};
    }
    // Without names, text given: of two columns the other one.
    if (reader_.columns().size() == 2 && !reader_.has_header()) {
      roles_.label_fields = {names_[names_[0] == roles_.text_field ? 1 : 0]};
      return {};
    }
    return std::unexpected(Missing("no column for the label", "--label-field (or several 0/1 columns: a,b,c)"));
  }

  /// Columns with 0 or 1 in every sampled row.
  std::vector<std::string> BinaryColumns() const {
    std::vector<std::string> binary;
    for (const std::string& name : names_) {
      if (name.empty() || name == roles_.text_field || Contains(wishes_.template_fields, name) ||
          Contains(wishes_.filter_fields, name)) {
        continue;
      }
      const bool all = !sample_.empty() && std::ranges::all_of(sample_, [&](const Record& record) {
        const Value* value = record.Find(name);
        return value != nullptr && ZeroOrOne(*value) >= 0;
      });
      if (all) binary.push_back(name);
    }
    return binary;
  }

  const RecordReader& reader_;
  std::span<const Record> sample_;
  const FieldWishes& wishes_;
  std::vector<std::string> names_;
  FieldRoles roles_;
};

}  // namespace

bool IsLabelName(std::string_view name) {
  return std::ranges::find(kLabelNames, LowerAscii(name)) != kLabelNames.end();
}

bool IsTextName(std::string_view name) { return std::ranges::find(kTextNames, LowerAscii(name)) != kTextNames.end(); }

int ZeroOrOne(const Value& value) {
  const std::string text = LowerAscii(TrimAscii(value.text));
  if (text == "0" || text == "0.0" || text == "false") return 0;
  if (text == "1" || text == "1.0" || text == "true") return 1;
  return -1;
}

Result<FieldRoles> ResolveFields(const RecordReader& reader, std::span<const Record> sample,
                                 const FieldWishes& wishes) {
  return Resolver(reader, sample, wishes).Resolve();
}

}  // namespace winnow
