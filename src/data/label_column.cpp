#include "data/label_column.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "data/label_lists.h"
#include "data/label_names.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

using Outcome = RowLabels::Outcome;

constexpr std::string_view kListMarks = ",;|";

/// The parts of a text that is a list by the user's word: a,b or [a, b].
std::vector<std::string> PartsOf(std::string_view text) {
  text = TrimAscii(text);
  if (text.size() > 1 && ((text.front() == '[' && text.back() == ']') || (text.front() == '{' && text.back() == '}'))) {
    text = text.substr(1, text.size() - 2);
  }
  std::vector<std::string> parts;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find_first_of(kListMarks, from), text.size());
    if (std::string part = CleanLabelName(text.substr(from, end - from)); !part.empty()) {
      parts.push_back(std::move(part));
    }
    from = end + 1;
  }
  return parts;
}

/// The value as a message shows it.
std::string Shown(const Value& value) {
  constexpr size_t kLongest = 60;
  std::string text = value.text;
  if (text.empty()) {
    for (const std::string& item : value.items) text += (text.empty() ? "" : ", ") + item;
    text = "[" + text + "]";
  }
  return text.size() <= kLongest ? text : std::string(FirstCodePoints(text, kLongest)) + "...";
}

bool HasIndicators(const Value& value) {
  return std::ranges::all_of(value.shares, [](double share) { return share == 0 || share == 1; });
}

bool HasSeveralOnes(const Value& value) { return HasIndicators(value) && std::ranges::count(value.shares, 1.0) > 1; }

/// Returns true if an object of numbers describes a label, and is not one of probabilities by label.
bool DescribesLabel(const Value& value) {
  constexpr std::array<std::string_view, 12> kKeys = {"id",        "label_id",   "class_id",  "idx",
                                                      "conf",      "confidence", "prob",      "annotator_id",
                                                      "worker_id", "user_id",    "timestamp", "score"};
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(value.items, [&](const std::string& item) { return LowerAscii(item) == name; });
  };
  return std::ranges::any_of(kKeys, has) || (has("start") && has("end"));
}

/// What the sample says about a field.
struct Shape {
  size_t values = 0;                     // values other than missing ones
  size_t vectors = 0;                    // multi-hot vectors among them
  size_t repeated = 0;                   // vectors in which 0 or 1 occurs twice, so that they cannot be lists of ids
  std::map<size_t, size_t> widths = {};  // numbers of vectors by their length
  size_t objects = 0;                    // objects of numbers
  size_t indicators = 0;                 // objects of zeros and ones
  size_t several = 0;                    // objects of zeros and ones with several ones

  void Add(const Value& value) {
    ++values;
    if (value.kind == Value::Kind::kShares) {
      ++objects;
      indicators += HasIndicators(value) ? 1 : 0;
      several += HasSeveralOnes(value) ? 1 : 0;
    }
    const std::optional<std::vector<bool>> bits = MultiHotBits(value);
    if (!bits) return;
    ++vectors;
    ++widths[bits->size()];
    const auto ones = static_cast<size_t>(std::ranges::count(*bits, true));
    repeated += ones > 1 || bits->size() - ones > 1 ? 1 : 0;
  }

  /// The length of the multi-hot vectors that the field contains; 0 if it contains none.
  size_t MultiHot() const {
    if (vectors == 0) return 0;
    const bool all = vectors == values && widths.size() == 1;
    if (!all && (repeated == 0 || vectors * 2 <= values)) return 0;
    return std::ranges::max_element(widths, {}, &std::pair<const size_t, size_t>::second)->first;
  }
};

}  // namespace

bool LabelWishes::Names(std::string_view name) const {
  return std::ranges::find(given_labels, name) != given_labels.end() ||
         std::ranges::find(mapped_names, name) != mapped_names.end();
}

Result<LabelColumn> LabelColumn::Make(const std::string& file, const std::string& field, Format format,
                                      const LabelWishes& wishes, std::span<const Record> sample) {
  LabelColumn column(field, format, wishes);
  std::vector<const Value*> values;
  for (const Record& record : sample) {
    if (const Value* value = record.Find(field)) values.push_back(value);
  }
  column.FindForm(values);
  if (!column.NamePositions()) {
    return Fail(ErrorCode::kInvalidData, file + ": " + column.TooFewGiven(),
                "specify as many labels as the vectors have, in their order, with --labels");
  }
  return column;
}

std::string LabelColumn::TooFewGiven() const {
  return "'" + field_ + "' contains multi-hot vectors of " + std::to_string(multi_hot_) + " labels, but " +
         std::to_string(wishes_.given_labels.size()) + " labels are given";
}

/// Names the positions of multi-hot vectors: by the given labels in their order, otherwise by numbers. A label map of
/// numbers, such as 0=ham, says what the numbers are, also where the labels were given in another order, as those of a
/// model are. Returns false if the given labels do not fit.
bool LabelColumn::NamePositions() {
  const std::vector<std::string>& given = wishes_.given_labels;
  positions_.clear();
  for (size_t i = 0; i < multi_hot_; ++i) positions_.push_back(std::to_string(i));
  if (given.empty()) return true;
  const bool map_of_numbers = std::ranges::any_of(positions_, [&](const std::string& number) {
    return std::ranges::find(wishes_.mapped_names, number) != wishes_.mapped_names.end();
  });
  for (size_t i = 0; i < multi_hot_; ++i) {
    if (map_of_numbers && wishes_.Names(positions_[i])) continue;
    if (given.size() != multi_hot_) return false;
    positions_[i] = given[i];
  }
  return true;
}

/// Returns the list or object that a text spells; nothing if it is a name.
std::optional<Value> LabelColumn::Parsed(const Value& value) const {
  if (value.kind != Value::Kind::kText) return std::nullopt;
  if (std::optional<Value> list = ParseLabelList(value.text)) return list;
  // "1,0" may be a decimal number; only in a multi-label set it is sure to be a list.
  const size_t shortest = wishes_.problem_type == ProblemType::kMulti ? 2 : 3;
  std::optional<Value> bits = ParseSeparatedBits(value.text);
  return bits && bits->items.size() >= shortest ? bits : std::nullopt;
}

void LabelColumn::FindForm(std::span<const Value* const> values) {
  Shape shape;
  for (const Value* value : values) {
    if (value->kind == Value::Kind::kMissing) continue;
    if (value->kind == Value::Kind::kText && IsMissingLabel(value->text)) continue;
    const std::optional<Value> parsed = Parsed(*value);
    shape.Add(parsed ? *parsed : *value);
  }
  has_form_ = shape.values > 0;
  if (!fasttext_) multi_hot_ = shape.MultiHot();
  const bool multi = wishes_.problem_type == ProblemType::kMulti;
  indicators_ = wishes_.problem_type != ProblemType::kSingle && shape.objects > 0 &&
                shape.indicators == shape.objects && (multi || shape.several > 0);
}

std::vector<std::string> LabelColumn::notes() const {
  std::vector<std::string> notes;
  if (multi_hot_ > 0) {
    const bool named = !wishes_.given_labels.empty() ||
                       std::ranges::any_of(positions_, [&](const std::string& name) { return wishes_.Names(name); });
    notes.push_back("'" + field_ + "' contains multi-hot vectors of " + std::to_string(multi_hot_) + " labels" +
                    (named ? "" : "; to name these labels, specify --labels NAME,..."));
  }
  if (indicators_ && wishes_.problem_type == ProblemType::kAuto) {
    notes.push_back("'" + field_ +
                    "' contains objects of zeros and ones, several of them 1, so the data is multi-label; if the "
                    "numbers are votes, specify --problem-type single");
  }
  for (const auto& [name, rows] : missing_) {
    notes.push_back("'" + name + "' is read as no label (" + std::to_string(rows) + (rows == 1 ? " row" : " rows") +
                    "); if it is a label, specify --label-map '" + name + "=" + name + "'");
  }
  return notes;
}

RowLabels::Outcome LabelColumn::Take(const Value* value, RowLabels& labels) {
  labels = {};
  if (value == nullptr || value->kind == Value::Kind::kMissing) return Outcome::kNone;
  if (!has_form_) {  // the first records have no label
    FindForm(std::span(&value, 1));
    if (multi_hot_ == 2) multi_hot_ = 0;  // one [1, 0] may be a list of ids
    if (!NamePositions()) {
      labels.problem = TooFewGiven();
      return Outcome::kRefused;
    }
  }
  if (value->kind == Value::Kind::kOther && multi_hot_ > 0) {
    labels.problem = Expected() + ", but '" + field_ + "' is an object, or a list that contains null";
    return Outcome::kRefused;
  }
  if (value->kind == Value::Kind::kOther) {
    labels.problem = "'" + field_ + "' is " +
                     (value->items.empty() ? std::string("neither a text nor a list of texts")
                                           : "an object; specify the key that contains the label: --label-field " +
                                                 field_ + "." + value->items[0]);
    return Outcome::kUnreadable;
  }
  if (value->kind == Value::Kind::kText && IsMissingLabel(value->text) && !wishes_.Names(TrimAscii(value->text))) {
    if (!TrimAscii(value->text).empty()) {
      ++missing_[std::string(TrimAscii(value->text))];
      labels.problem = "no label: '" + std::string(TrimAscii(value->text)) + "'";
    }
    const bool none_allowed = wishes_.problem_type == ProblemType::kMulti && multi_hot_ == 0 && labels.problem.empty();
    return none_allowed ? Outcome::kLabels : Outcome::kNone;
  }
  const std::optional<Value> parsed = Parsed(*value);
  const Value& meant = parsed ? *parsed : *value;
  if (multi_hot_ > 0) {
    const Outcome outcome = TakeBits(meant, labels);
    if (outcome == Outcome::kRefused) labels.problem += ", but '" + field_ + "' is " + Shown(*value);
    return outcome;
  }
  // Zeros and ones without brackets are a list only if the whole field has the form of multi-hot vectors.
  const bool name = parsed && parsed->kind == Value::Kind::kList && ParseSeparatedBits(value->text);
  if (meant.kind == Value::Kind::kShares) return TakeObject(meant, labels);
  if (HasFractions(meant)) {
    labels.problem =
        "'" + field_ + "' is a list of numbers that are neither label ids nor zeros and ones: " + Shown(*value);
    return Outcome::kRefused;
  }
  return TakeNames(name ? *value : meant, labels);
}

/// Fills `labels` with the names in a value: a list, a number, or a text, which is divided in a multi-label set.
RowLabels::Outcome LabelColumn::TakeNames(const Value& value, RowLabels& labels) const {
  if (value.kind == Value::Kind::kList) {
    for (const std::string& item : value.items) labels.names.push_back(CleanLabelName(item));
  } else if (value.kind == Value::Kind::kNumber) {
    labels.names.push_back(NumberName(value.text));
  } else if (wishes_.problem_type == ProblemType::kMulti) {
    labels.names = PartsOf(value.text);
  } else {
    labels.names.push_back(CleanLabelName(value.text));
  }
  std::erase(labels.names, "");
  std::ranges::sort(labels.names);
  labels.names.erase(std::unique(labels.names.begin(), labels.names.end()), labels.names.end());

  const size_t count = labels.names.size();
  const bool list = value.kind == Value::Kind::kList;
  if (wishes_.problem_type == ProblemType::kSingle && count > 1) {
    labels.problem = std::to_string(count) + " labels, but --problem-type single allows one";
    return Outcome::kUnreadable;
  }
  // fastText lines are lists by form; only several labels on a line make the set a multi-label one.
  labels.multi_label = list && wishes_.problem_type == ProblemType::kAuto && (!fasttext_ || count > 1);
  // A text of a multi-label set may have no label at all; a cell without one is only taken for that if asked to. A line
  // of fastText without a label is unlabelled, and left out as fastText does, which trains and tests on the others
  // alone.
  const bool multi = wishes_.problem_type == ProblemType::kMulti;
  const bool none_allowed = !fasttext_ && (multi || (list && wishes_.problem_type == ProblemType::kAuto));
  return count > 0 || none_allowed ? Outcome::kLabels : Outcome::kNone;
}

/// What each row of a field of multi-hot vectors has to contain.
std::string LabelColumn::Expected() const {
  return "expected a multi-hot vector of " + std::to_string(multi_hot_) + " zeros and ones, as in the other rows";
}

/// Fills `labels` from a multi-hot vector.
RowLabels::Outcome LabelColumn::TakeBits(const Value& value, RowLabels& labels) const {
  const std::optional<std::vector<bool>> bits = MultiHotBits(value);
  if (!bits || bits->size() != multi_hot_) {
    labels.problem = Expected();
    return Outcome::kRefused;
  }
  for (size_t i = 0; i < multi_hot_; ++i) {
    if (!(*bits)[i]) continue;
    labels.names.push_back(positions_[i]);
  }
  labels.multi_label = wishes_.problem_type != ProblemType::kSingle;
  if (labels.multi_label || labels.names.size() == 1) return Outcome::kLabels;
  if (labels.names.empty()) return Outcome::kNone;
  labels.problem = std::to_string(labels.names.size()) + " labels, but --problem-type single allows one";
  return Outcome::kUnreadable;
}

RowLabels::Outcome LabelColumn::TakeObject(const Value& value, RowLabels& labels) const {
  if (DescribesLabel(value)) {
    labels.problem = "'" + field_ + "' is an object; specify the key that contains the label: --label-field " + field_ +
                     "." + value.items[0];
    return Outcome::kUnreadable;
  }
  if (indicators_) return TakeIndicators(value, labels);
  if (wishes_.problem_type == ProblemType::kMulti) {
    labels.problem = "soft labels require a single-label problem and cannot be combined with --problem-type multi";
    return Outcome::kUnreadable;
  }
  if (wishes_.problem_type == ProblemType::kAuto && HasSeveralOnes(value)) {
    labels.problem = "'" + field_ +
                     "' is an object with several ones, unlike in the rows before; specify --problem-type multi if a "
                     "text may have several labels, or --problem-type single if the numbers are votes";
    return Outcome::kRefused;
  }
  return TakeShares(value, labels);
}

/// Fills `labels` from an object that says of each label whether the text has it, like spaCy's cats.
RowLabels::Outcome LabelColumn::TakeIndicators(const Value& value, RowLabels& labels) const {
  if (!HasIndicators(value)) {
    labels.problem = "'" + field_ + "' is an object of numbers other than 0 and 1, unlike in the other rows";
    return Outcome::kRefused;
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    std::string name = CleanLabelName(value.items[i]);
    if (value.shares[i] == 1 && !name.empty()) labels.names.push_back(std::move(name));
  }
  std::ranges::sort(labels.names);
  labels.multi_label = true;
  return Outcome::kLabels;
}

/// Fills `labels` from an object like {"spam": 0.8, "ham": 0.2}: what several people, or a model, made of the text.
RowLabels::Outcome LabelColumn::TakeShares(const Value& value, RowLabels& labels) const {
  constexpr double kMostByRounding = 1.02;
  double sum = 0;
  bool fraction = false;
  bool probabilities = true;
  for (const double share : value.shares) {
    if (!(share >= 0 && share <= 1e9)) {
      labels.problem = "the probability of a label is negative or not a number";
      return Outcome::kUnreadable;
    }
    sum += share;
    fraction |= share != std::floor(share);
    probabilities &= share <= 1;
  }
  if (!(sum > 0)) return Outcome::kNone;
  if (fraction && probabilities && sum > kMostByRounding) {
    labels.problem =
        "the probabilities of the labels add up to more than 1, so they are not those of one label per text";
    return Outcome::kUnreadable;
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    std::string name = CleanLabelName(value.items[i]);
    if (value.shares[i] == 0 || name.empty()) continue;
    labels.names.push_back(std::move(name));
    labels.shares.push_back(value.shares[i] / sum);
  }
  return labels.names.empty() ? Outcome::kNone : Outcome::kLabels;
}

}  // namespace winnow
