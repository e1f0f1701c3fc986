#include "retrain/retraining_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>
#include <unordered_map>

#include "base/hash.h"
#include "data/filter.h"
#include "data/row_writer.h"
#include "feedback/feedback_log.h"
#include "feedback/read_training_set.h"
#include "feedback/verdict_samples.h"
#include "retrain/feedback_rows.h"
#include "retrain/measure_gate.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Returns the conditions of the filter that rows of feedback can satisfy or not: those about their fields, or about
/// the length of the text.
Result<std::string> FilterOfFeedback(const ReadingOptions& reading, std::span<const std::string> fields) {
  const Filter filter = TRY(Filter::Parse(fmt::format("{}", fmt::join(reading.filter, " and "))));
  std::vector<std::string> kept;
  for (const Filter::Condition& condition : filter.conditions()) {
    const bool known = condition.field == "chars" || std::ranges::find(fields, condition.field) != fields.end();
    if (known) kept.push_back(condition.text);
  }
  return fmt::format("{}", fmt::join(kept, " and "));
}

Result<FeedbackRows> RowsFor(const ReadingOptions& reading) {
  return FeedbackRows::Of({.text_field = reading.text_field,
                           .label_field = reading.label_field.size() == 1 ? reading.label_field[0] : "",
                           .template_text = reading.template_text});
}

std::vector<std::string> LabelsOf(std::span<const TrainingRow> rows) {
  std::set<std::string> labels;
  for (const TrainingRow& row : rows) labels.insert(row.label);
  return {labels.begin(), labels.end()};
}

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
                 const FeedbackRows& texts, Split& split, TrainingObserver& observer) {
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
    const FeedbackRows rows = TRY(RowsFor(plan.data.reading));
    OwnFile own{.file = directory / "feedback.jsonl",
                .filter = TRY(FilterOfFeedback(plan.data.reading, rows.fields()))};
    RowWriter writer = TRY(RowWriter::For(own.file));
    for (const TrainingRow& row : set.rows) writer.Add(rows.Row(row));
    TRY(writer.Write());
    plan.data.files.push_back(own.file);
    plan.data.own_file = std::move(own);
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
  const FeedbackRows texts = TRY(RowsFor(reading));
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
                           const auto found = by_key.find(DuplicateKey(texts.Text(text)));
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
    split.train.examples.push_back({.text = texts.Text(rows[i].text),
                                    .labels = {split.train.labels.Find(rows[i].label)},
                                    .file = "feedback",
                                    .row = i + 1});
  }
  return selected;
}

}  // namespace winnow
