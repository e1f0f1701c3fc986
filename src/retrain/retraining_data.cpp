#include "retrain/retraining_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "data/filter.h"
#include "data/row_writer.h"
#include "feedback/feedback_log.h"
#include "feedback/read_training_set.h"
#include "feedback/verdict_samples.h"
#include "filter/spam_filter.h"
#include "filter/stored_message.h"
#include "retrain/measure_gate.h"
#include "text/duplicate_key.h"
#include "text/text_template.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The fields that the text of feedback stands for.
Result<std::vector<std::string>> TextFields(const ReadingOptions& reading) {
  if (reading.template_text.empty())
    return std::vector<std::string>{reading.text_field.empty() ? "text" : reading.text_field};
  const std::vector<std::string> fields = TRY(TextTemplate::Parse(reading.template_text)).fields();
  const auto has = [&](const char* name) { return std::ranges::find(fields, name) != fields.end(); };
  if (!has("text") && !has("body")) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("feedback cannot fill the text template '{}' of the model, which has neither {{text}} "
                            "nor {{body}}",
                            reading.template_text),
                "omit --store, and export the feedback into files with the fields of the template");
  }
  std::vector<std::string> names = {has("body") ? "body" : "text"};
  if (has("body") && has("text")) names.push_back("text");
  return names;
}

/// A field of the name of the condition that satisfies it.
Field FieldFor(const Filter::Condition& condition) {
  const double number = Filter::NumberIn(condition.value).value_or(0);
  switch (condition.op) {
    case Filter::Op::kTrue:
      return TextField(condition.field, "true");
    case Filter::Op::kFalse:
      return TextField(condition.field, "false");
    case Filter::Op::kNotEqual:
      return TextField(condition.field, "not " + condition.value);
    case Filter::Op::kLess:
      return TextField(condition.field, fmt::format("{}", number - 1));
    case Filter::Op::kGreater:
      return TextField(condition.field, fmt::format("{}", number + 1));
    default:
      return TextField(condition.field, condition.value);
  }
}

/// Returns fields that satisfy the filter of the data, which feedback does not have: all of it is used, unless the
/// filter is about the fields `own`, or about the length of the text. Errors: those of Filter::Parse; kInvalidArgument
/// for a field with conditions that no such value satisfies.
Result<std::vector<Field>> FieldsForFilter(const ReadingOptions& reading, std::span<const std::string> own) {
  const Filter filter = TRY(Filter::Parse(fmt::format("{}", fmt::join(reading.filter, " and "))));
  Record record;
  const auto foreign = [&](const Filter::Condition& condition) {
    return condition.field != "chars" && std::ranges::find(own, condition.field) == own.end();
  };
  for (const Filter::Condition& condition : filter.conditions()) {
    if (foreign(condition) && record.Find(condition.field) == nullptr) record.fields.push_back(FieldFor(condition));
  }
  for (const Filter::Condition& condition : filter.conditions()) {
    if (!foreign(condition) || Filter::Satisfies(condition, record, "")) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--filter {}: feedback cannot satisfy both conditions of the field '{}'", condition.text,
                            condition.field),
                "filter the data first with 'winnow data filter', and specify --filter ''");
  }
  return record.fields;
}

/// Writes feedback as rows that the data's options read: the text is that of its field, or the subject and the body of
/// the template's.
Result<void> WriteFeedback(const TrainingSet& set, const ReadingOptions& reading, const fs::path& file) {
  RowWriter writer = TRY(RowWriter::For(file));
  const std::vector<std::string> names = TRY(TextFields(reading));
  std::optional<TextTemplate> text_template;
  if (!reading.template_text.empty()) text_template = TRY(TextTemplate::Parse(reading.template_text));
  const std::string label = reading.label_field.size() == 1 ? reading.label_field[0] : "label";
  std::vector<std::string> own = names;
  own.push_back(label);
  if (text_template) own.push_back("subject");
  const std::vector<Field> of_filter = TRY(FieldsForFilter(reading, own));
  for (const TrainingRow& row : set.rows) {
    const FilterMessage message = MessageOfStoredText(row.text, text_template ? &*text_template : nullptr);
    std::vector<Field> fields;
    if (!message.subject.empty()) fields.push_back(TextField("subject", message.subject));
    for (const std::string& name : names) {
      const bool body = name == "body" && !message.body.empty();
      fields.push_back(TextField(name, body ? message.body : row.text));
    }
    fields.push_back(TextField(label, row.label));
    fields.insert(fields.end(), of_filter.begin(), of_filter.end());
    writer.Add(fields);
  }
  return writer.Write();
}

std::vector<std::string> LabelsOf(std::span<const TrainingRow> rows) {
  std::set<std::string> labels;
  for (const TrainingRow& row : rows) labels.insert(row.label);
  return {labels.begin(), labels.end()};
}

/// Makes texts of feedback as the template makes texts of rows.
class FeedbackTexts {
 public:
  static Result<FeedbackTexts> Of(const ReadingOptions& reading) {
    FeedbackTexts texts;
    TRY(TextFields(reading));
    if (!reading.template_text.empty()) texts.template_ = TRY(TextTemplate::Parse(reading.template_text));
    return texts;
  }

  std::string Make(std::string_view text) const {
    return TextForModel(MessageOfStoredText(std::string(text), text_template()), text_template()).joined();
  }
  const TextTemplate* text_template() const { return template_ ? &*template_ : nullptr; }

 private:
  std::optional<TextTemplate> template_;
};

/// The label of each text of all parts, by its key.
std::unordered_map<std::string, std::string> LabelsByKey(const Split& split) {
  std::unordered_map<std::string, std::string> labels;
  for (const Dataset* part : {&split.train, &split.validation, &split.test}) {
    for (const Example& example : part->examples) {
      const int32_t id = example.labels.empty() ? kUnknownLabelId : example.labels.front();
      labels.emplace(DuplicateKey(example.text),
                     id < 0 ? std::string() : split.train.labels.names[static_cast<size_t>(id)]);
    }
  }
  return labels;
}

/// Adds audited texts that no other part has: a simple random sample of all messages, for which the probabilities and
/// thresholds are right.
size_t AddAudits(std::span<const StoredVerdictSample> samples, std::optional<StoreTime> before,
                 const FeedbackTexts& texts, Split& split, TrainingObserver& observer) {
  std::vector<StoredVerdictSample> earlier;
  std::ranges::copy_if(samples, std::back_inserter(earlier), [&](const StoredVerdictSample& stored) {
    return !before || stored.sample.created_at < *before;
  });
  const UniformSample uniform = UniformVerdicts(earlier);
  if (std::string left_out = LeftOutText(uniform); !left_out.empty()) observer.Note("validation: " + left_out);
  Dataset audits = AuditedTexts(uniform.verdicts, split.train.labels, texts.text_template());
  Deduplicate(audits);
  for (const Dataset* part : {&split.train, &split.validation, &split.test}) RemoveLeaks(audits, *part);
  std::ranges::move(audits.examples, std::back_inserter(split.validation.examples));
  return audits.examples.size();
}

void NoteSelection(const FeedbackSelection& selection, TrainingObserver& observer) {
  observer.Note(fmt::format(
      "feedback: {} {} selected; left out: {} that the data have, {} disputed, {} beyond the cap of their "
      "campaign, {} of the more frequent label, {} of little weight, {} with labels that the model does not have",
      selection.rows.size(), selection.rows.size() == 1 ? "text is" : "texts are", selection.known,
      selection.disputed.size(), selection.near_duplicates, selection.surplus, selection.light,
      selection.unknown_labels));
}

}  // namespace

Result<AddedFeedback> AddAllFeedback(Store& store, double least_weight, const fs::path& directory, TrainingPlan& plan) {
  const TrainingSet set = TRY(ReadTrainingSet(store, {.least_weight = least_weight}));
  if (!set.rows.empty()) {
    const fs::path file = directory / "feedback.jsonl";
    TRY(WriteFeedback(set, plan.data.reading, file));
    plan.data.files.push_back(file);
  }
  return AddedFeedback{set.rows.size(), Sha256(JsonLinesOf(set.rows)), LabelsOf(set.rows)};
}

Result<SelectedFeedback> AddSelectedFeedback(Store& store, const FeedbackSelectionOptions& options,
                                             std::optional<StoreTime> trained_until,
                                             std::optional<StoreTime> audits_before, const ReadingOptions& reading,
                                             Split& split, TrainingObserver& observer) {
  if (split.train.multi_label) {
    return Fail(ErrorCode::kUnsupported, "feedback names one label per text, and the model is a multi-label one",
                "use --feedback all, or export the feedback and complete its labels");
  }
  const FeedbackTexts texts = TRY(FeedbackTexts::Of(reading));
  const std::vector<FeedbackState> states = CurrentFeedback(TRY(ReadAllFeedback(store, {})));
  const std::vector<StoredVerdictSample> audits = TRY(ReadVerdictSamples(store));
  std::map<std::string, std::string> labels;
  for (const StoredVerdictSample& stored : audits) {
    if (stored.sample.label) labels[stored.sample.text] = *stored.sample.label;
  }
  std::vector<JudgedText> judged = JudgeTexts(states, ComputeTrust(states, labels));
  std::erase_if(judged, [&](const JudgedText& text) { return labels.contains(text.text); });
  for (JudgedText& text : judged) text.label = LabelOfModel(text.label, split.train.labels.names);

  const std::unordered_map<std::string, std::string> by_key = LabelsByKey(split);
  const KnownTexts known{.labels = split.train.labels.names,
                         .label_of = [&](std::string_view text) -> std::optional<std::string> {
                           const auto found = by_key.find(DuplicateKey(texts.Make(text)));
                           return found == by_key.end() ? std::nullopt : std::optional(found->second);
                         },
                         .trained_until = trained_until};
  SelectedFeedback selected{.selection = SelectFeedback(judged, known, options), .added = {}};
  NoteSelection(selected.selection, observer);
  const std::vector<TrainingRow>& rows = selected.selection.rows;
  selected.added = {.rows = rows.size(), .sha256 = Sha256(JsonLinesOf(rows)), .labels = LabelsOf(rows)};
  if (!selected.selection.too_few.empty()) return selected;
  selected.audits = AddAudits(audits, audits_before, texts, split, observer);
  for (size_t i = 0; i < rows.size(); ++i) {
    split.train.examples.push_back({.text = texts.Make(rows[i].text),
                                    .labels = {split.train.labels.Find(rows[i].label)},
                                    .file = "feedback",
                                    .row = i + 1});
  }
  return selected;
}

}  // namespace winnow
