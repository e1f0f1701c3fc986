#include "data/columns.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/ascii.h"
#include "base/shell.h"
#include "base/suggest.h"
#include "data/unnamed_columns.h"
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
  std::unordered_set<std::string_view> known;
  for (const Record& record : sample) {
    for (const Field& field : record.fields) {
      if (known.insert(field.name).second) names.push_back(field.name);
    }
  }
  return names;
}

/// Returns a sentence that names the column that was taken and the others with usual names of the same kind; empty if
/// there was no choice.
std::string ChoiceNote(std::span<const std::string> names, bool (*usual)(std::string_view), const std::string& taken,
                       const std::string& kind, const std::string& option) {
  std::vector<std::string> others;
  size_t same = 0;
  for (const std::string& name : names) {
    if (name == taken) {
      ++same;
    } else if (usual(name)) {
      others.push_back(name);
    }
  }
  std::string note;
  if (same > 1) {
    note = std::to_string(same) + " columns are named '" + taken + "', and the first of them contains the " + kind +
           "; for another one, rename it in the file";
  }
  if (!others.empty()) {
    note += (note.empty() ? "" : "; ") + ("column '" + taken) + "' contains the " + kind + ", not " + Listed(others) +
            "; for another column, specify " + option;
  }
  return note;
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
    WarnOfLabelsInTemplate();
    NoteChoices();
    NoteParts();
    return std::move(roles_);
  }

 private:
  const std::string& file() const { return reader_.stream().name(); }

  /// Returns the error of a column that is missing. `wanted` is its name, or empty.
  Error Missing(const std::string& what, const std::string& option, const std::string& wanted = "") const {
    std::string where = file() + ": " + what;
    if (names_.empty()) return {ErrorCode::kInvalidData, where, "none of its rows can be read"};
    const bool numbered = !reader_.columns().empty() && !reader_.has_header();
    const std::vector<std::string> names = PossibleNames();
    const bool may_be_header = names != names_;
    if (const std::string meant = DidYouMean(wanted, names, ""); !meant.empty()) {
      return {ErrorCode::kInvalidData, where,
              meant + (may_be_header ? " (its first row is: " : " (its columns are: ") + Listed(names) + ")"};
    }
    if (may_be_header) {
      return {ErrorCode::kInvalidData, where,
              "if its first row is a header, specify one of its names with " + option + ": " + Listed(names) +
                  "; otherwise its columns are numbered " + Listed(names_)};
    }
    const std::string columns =
        numbered ? std::to_string(names_.size()) + " columns without a header, numbered " : "its columns are: ";
    return {ErrorCode::kInvalidData, where, columns + Listed(names_) + "; specify one with " + option};
  }

  /// Returns the names of the columns or, where they have numbers, the fields of a first row that may be a header.
  std::vector<std::string> PossibleNames() const {
    std::vector<std::string> names = names_;
    if (reader_.columns().empty() || reader_.has_header() || !MayBeHeader()) return names;
    for (size_t i = 0; i < names.size() && i < sample_[0].fields.size(); ++i)
      names[i] = sample_[0].fields[i].value.text;
    return names;
  }

  /// Returns what to do if the text field is a list of columns; empty if it is none.
  std::string HintOfSeveralTexts() const {
    const std::vector<std::string> names = PossibleNames();
    std::string fields;
    for (size_t begin = 0; begin <= wishes_.text_field.size();) {
      const size_t end = std::min(wishes_.text_field.find(',', begin), wishes_.text_field.size());
      const std::string name(TrimAscii(std::string_view(wishes_.text_field).substr(begin, end - begin)));
      if (!Contains(names, name)) return "";
      fields += (fields.empty() ? "{" : " [SEP] {") + name + "}";
      begin = end + 1;
    }
    return "to make one text of several columns, train with --template '" + fields + "'";
  }

  /// Whether the first row may have names of columns: different short texts that are no numbers.
  bool MayBeHeader() const {
    constexpr size_t kLongestName = 40;
    std::unordered_set<std::string_view> seen;
    return !sample_.empty() && std::ranges::all_of(sample_[0].fields, [&](const Field& field) {
      const std::string& name = field.value.text;
      return !name.empty() && name.size() <= kLongestName && !IsAsciiDigit(name[0]) && seen.insert(name).second;
    });
  }

  Result<void> CheckGivenNames() {
    if (!wishes_.text_field.empty() && wishes_.template_fields.empty() && !Contains(names_, wishes_.text_field)) {
      Error error = Missing("no column '" + wishes_.text_field + "' for the text", "--text-field", wishes_.text_field);
      if (std::string several = HintOfSeveralTexts(); !several.empty()) error.hint = std::move(several);
      return std::unexpected(std::move(error));
    }
    if (wishes_.labels_needed) {
      for (const std::string& name : wishes_.label_fields) {
        if (!Contains(names_, name)) {
          return std::unexpected(Missing("no column '" + name + "' for the label", "--label-field", name));
        }
        if (name == wishes_.text_field && wishes_.template_fields.empty()) {
          return Fail(ErrorCode::kInvalidData,
                      file() + ": the column '" + name + "' is specified both for the text and for the label",
                      "specify two columns with --text-field and --label-field; its columns are: " + Listed(names_));
        }
      }
    }
    if (!wishes_.text_field.empty() && !wishes_.template_fields.empty()) {
      roles_.warnings.push_back(file() + ": --text-field " + wishes_.text_field +
                                " has no effect, because a text template makes the texts of " +
                                Listed(wishes_.template_fields));
    }
    size_t absent = 0;
    for (const std::string& name : wishes_.template_fields) {
      if (Contains(names_, name)) continue;
      ++absent;
      roles_.warnings.push_back(file() + ": there is no column '" + name + "', so the field '" + name +
                                "' of the template is empty in all texts");
    }
    if (absent > 0 && absent == wishes_.template_fields.size()) {
      Error error =
          Missing("the file has none of the fields of the text template: " + Listed(wishes_.template_fields), "");
      if (!names_.empty()) {
        error.hint = "its columns are: " + Listed(names_) +
                     "; a field of the template (that of --template, of a preset, or of the model) has the name of a "
                     "column, and case matters";
        if (Contains(names_, wishes_.text_field)) {
          error.hint += "; to train on the column '" + wishes_.text_field + "' alone, specify --template '{" +
                        wishes_.text_field + "}'";
        }
      }
      return std::unexpected(std::move(error));
    }
    for (const std::string& name : wishes_.filter_fields) {
      if (name != "chars" && !Contains(names_, name)) {
        return std::unexpected(Missing("no column '" + name + "' for the filter", "--filter", name));
      }
    }
    return {};
  }

  void WarnOfLabelsInTemplate() {
    for (const std::string& name : roles_.label_fields) {
      if (!Contains(wishes_.template_fields, name)) continue;
      roles_.warnings.push_back(file() + ": the column '" + name +
                                "' is the label and a field of the text template, so the texts contain their labels");
    }
  }

  Result<void> ChooseText() {
    if (!wishes_.template_fields.empty()) return {};
    if (!wishes_.text_field.empty()) {
      roles_.text_field = wishes_.text_field;
      return {};
    }
    // A file without a header is read by shape, below; its columns have no names to go by.
    std::vector<std::string> candidates;
    if (reader_.columns().empty() || reader_.has_header()) {
      std::ranges::remove_copy_if(names_, std::back_inserter(candidates),
                                  [&](const std::string& name) { return Contains(wishes_.label_fields, name); });
    }
    const std::optional<std::string> named = FirstNamed(kTextNames, candidates);
    if (named) {
      roles_.text_field = *named;
      const std::array kSubjectNames = {"subject", "title"};
      if (const auto subject = FirstNamed(kSubjectNames, names_)) {
        roles_.warnings.push_back(file() + ": only the column '" + *named +
                                  "' is used as the text; to include the column '" + *subject +
                                  "' as well, train with --template '{" + *subject + "} [SEP] {" + *named + "}'");
      }
      return {};
    }
    return ChooseByShape();
  }

  Result<void> ChooseByShape() {
    if (reader_.columns().size() == 1 && !reader_.has_header()) {
      roles_.text_field = names_[0];
      return {};
    }
    const bool two = reader_.columns().size() == 2;
    if (two && !sample_.empty() && wishes_.label_fields.size() == 1) {
      roles_.text_field = names_[names_[0] == wishes_.label_fields[0] ? 1 : 0];
      return {};
    }
    if (!two || sample_.empty() || reader_.has_header()) {
      return std::unexpected(Missing("cannot determine which column contains the text", "--text-field"));
    }
    const auto shapes = ShapesOf(sample_);
    const std::optional<size_t> label =
        DividesForCertain(shapes) ? UnnamedLabelColumn(shapes, reader_.label_first()) : std::nullopt;
    for (const size_t key : {0U, 1U}) {
      if (!wishes_.no_header && HasNameAboveNumbers(sample_, shapes, key)) return std::unexpected(UnknownHeader(key));
    }
    if (!label) {
      return std::unexpected(wishes_.labels_needed
                                 ? Missing("cannot determine which column contains the text and which the label",
                                           "--text-field and --label-field")
                                 : Missing("cannot determine which column contains the text", "--text-field"));
    }
    const size_t column = label.value_or(0);  // g++ 12 warns of *label here
    if (!wishes_.no_header && (LooksLikeHeader(sample_, shapes, column) ||
                               (!wishes_.labels_needed && HasNameAboveTexts(sample_, shapes, column)))) {
      return std::unexpected(UnknownHeader(column));
    }
    if (!wishes_.no_header && wishes_.labels_needed && MayBeHeaderOfWords(sample_, shapes, column)) {
      const std::string& label_name = sample_[0].fields[column].value.text;
      roles_.warnings.push_back(
          file() + ": the first row is read as a text with the label '" + label_name +
          "', which none of the next rows has; if it is a header, specify " +
          ShellLine({"--text-field", sample_[0].fields[1 - column].value.text, "--label-field", label_name}));
    }
    roles_.text_field = names_[1 - column];
    if (wishes_.labels_needed) roles_.label_fields = {names_[column]};
    return {};
  }

  /// Without labels to be learned, a division at commas is certain only if one column has values that recur, and not if
  /// it divides sentences.
  bool DividesForCertain(const TwoShapes& shapes) const {
    return wishes_.labels_needed || reader_.label_first() ||
           (shapes[0].distinct != shapes[1].distinct && !DividesSentences(sample_));
  }

  Error UnknownHeader(size_t label) const {
    const auto named = [&](size_t i) { return sample_[0].fields[i].value.text; };
    const auto options = [&](const std::string& text_name, const std::string& label_name) {
      std::vector<std::string> words = {"--text-field", text_name};
      if (wishes_.labels_needed) words.insert(words.end(), {"--label-field", label_name});
      return ShellLine(words);
    };
    return {ErrorCode::kInvalidData,
            file() + ": its first row looks like a header with unknown column names: " + named(0) + ", " + named(1),
            "if so, pass " + options(named(1 - label), named(label)) + "; if not, pass " +
                options(names_[1 - label], names_[label])};
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

  /// Tells that a column names the parts of the data: without a filter, the test part is trained on as well.
  void NoteParts() {
    constexpr std::array kParts = {"train", "training", "dev", "val", "valid", "validation", "eval", "test"};
    if (!wishes_.labels_needed) return;
    for (const std::string& name : names_) {
      const std::string lower = LowerAscii(name);
      if ((lower != "split" && lower != "part") || Contains(wishes_.filter_fields, name)) continue;
      const auto is_part = [&](const Record& record) {
        const Value* value = record.Find(name);
        return value != nullptr && std::ranges::find(kParts, LowerAscii(TrimAscii(value->text))) != kParts.end();
      };
      if (sample_.empty() || !std::ranges::all_of(sample_, is_part)) continue;
      const std::string first = sample_[0].Find(name)->text;
      roles_.notes.push_back("column '" + name +
                             "' names parts of the data, and the rows of all parts are read; to read one of them, "
                             "specify " +
                             ShellLine({"--filter", name + "=" + std::string(TrimAscii(first))}));
    }
  }

  /// Tells which columns were taken where the usual names left a choice. Columns that the user named leave none.
  void NoteChoices() {
    const auto note = [&](bool (*usual)(std::string_view), const std::string& taken, const char* kind,
                          const char* option) {
      std::string text = ChoiceNote(names_, usual, taken, kind, option);
      if (!text.empty()) roles_.notes.push_back(std::move(text));
    };
    if (!reader_.columns().empty() && !reader_.has_header()) return;
    if (!roles_.text_field.empty() && wishes_.text_field.empty()) {
      note(IsTextName, roles_.text_field, "text", "--text-field");
    }
    if (roles_.label_fields.size() == 1 && wishes_.label_fields.empty()) {
      note(IsLabelName, roles_.label_fields[0], "label", "--label-field");
    }
  }

  /// Returns the columns that have 0 or 1 in every sampled row.
  std::vector<std::string> BinaryColumns() const {
    struct Count {
      size_t rows = 0;  // in which the column is 0 or 1
      size_t last = 0;  // number of the last row with the column, from 1; the first field of a name counts
    };
    std::unordered_map<std::string_view, Count> counts;
    for (size_t i = 0; i < sample_.size(); ++i) {
      for (const Field& field : sample_[i].fields) {
        Count& count = counts[field.name];
        if (count.last == i + 1) continue;
        count.last = i + 1;
        if (ZeroOrOne(field.value) >= 0) ++count.rows;
      }
    }
    std::vector<std::string> binary;
    for (const std::string& name : names_) {
      if (name.empty() || name == roles_.text_field || Contains(wishes_.template_fields, name) ||
          Contains(wishes_.filter_fields, name)) {
        continue;
      }
      const auto found = counts.find(name);
      if (found != counts.end() && found->second.rows == sample_.size()) binary.push_back(name);
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
