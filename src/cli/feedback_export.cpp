#include <fmt/format.h>

#include <map>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "data/row_writer.h"
#include "feedback/read_training_set.h"
#include "feedback/verdict_samples.h"
#include "retrain/feedback_rows.h"

namespace winnow {
namespace {

struct FeedbackExportOptions : FeedbackOptions {
  std::filesystem::path output;
  std::string teacher;
  double min_weight = 0;
  bool audits = false;
  FeedbackFields fields;
};

void Describe(FeedbackExportOptions& options, OptionTable& table) {
  AddStoreOption(options, table);
  table.Add("output", &options.output, "Output file: .jsonl, .ndjson, .tsv or .csv")
      .ValueName("FILE")
      .Short('o')
      .Required();
  table
      .Add("teacher", &options.teacher,
           "Export the labels of the program with this name, of texts that no person has labelled, in place of those "
           "of people. Use them for the training part only")
      .ValueName("NAME");
  table
      .Add("min-weight", &options.min_weight,
           "Leave out texts for whose label the weights of the users add up to less; administrators' labels are "
           "always exported. A new account has the weight 0.1")
      .AtLeast(0);
  table.Add(
      "audits", &options.audits,
      "Export the labels of 'winnow feedback audit', for calibration and metrics, in place of training data: a "
      "simple random sample of all messages, so labels of scores that are audited more often are left out at random");
  table.Group("Fields of the rows");
  table
      .Add("template", &options.fields.template_text,
           "Text template of the model that the rows are for, such as '{subject} [SEP] {body:400}': the rows get its "
           "fields subject, body and text in place of the text field. The first line of a stored mail is its subject")
      .ValueName("TEXT");
  table.Add("text-field", &options.fields.text_field, "Name of the text field; has no effect with --template")
      .ValueName("NAME")
      .Default("text");
  table.Add("label-field", &options.fields.label_field, "Name of the label field").ValueName("NAME").Default("label");
  table.Describe(
      "Writes one row per text, by default with the fields text and label, in the order of the bytes of the texts. The last word "
      "of each user counts, and equal feedback gives equal bytes, in whatever order it arrived. Where users disagree, "
      "the last word of an administrator counts, else the label with the greatest sum of weights; texts with equal "
      "sums are left out. Texts that have a label of 'winnow feedback audit' are left out of training data.");
  table.Example("winnow feedback export --store sqlite:store.db --output feedback.jsonl",
                "then: winnow train data.tsv feedback.jsonl --output-dir spam");
  table.Example(
      "winnow feedback export --store sqlite:store.db --template '{subject} [SEP] {body}' --output feedback.jsonl",
      "for: winnow train mails.jsonl feedback.jsonl --template '{subject} [SEP] {body}' --output-dir mail");
  table.Example("winnow feedback export --store sqlite:store.db --audits --output audits.jsonl",
                "then: winnow calibrate spam audits.jsonl");
}

std::vector<TrainingRow> AuditRows(const UniformSample& audits) {
  std::map<std::string, std::string> labels;
  for (const StoredVerdictSample& stored : audits.verdicts) labels[stored.sample.text] = *stored.sample.label;
  std::vector<TrainingRow> rows;
  for (const auto& [text, label] : labels) rows.push_back({text, label});
  return rows;
}

Result<TrainingSet> ReadRows(Store& store, const FeedbackExportOptions& options) {
  ProgressBar progress("read", TRY(store.CountFeedback({})));
  TrainingSet set = TRY(ReadTrainingSet(store, {.teacher = options.teacher, .least_weight = options.min_weight},
                                        [&](int64_t count) { progress.Advance(count); }));
  progress.Finish();
  return set;
}

Result<void> Run(const FeedbackExportOptions& options) {
  if (options.audits && !options.teacher.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--audits cannot be combined with --teacher",
                "labels of programs are for training parts only: export them to a file of their own");
  }
  if (IsOwnSource(options.teacher)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--teacher {}: Winnow does not learn from its own verdicts", options.teacher),
                "specify the source of another program");
  }
  const FeedbackRows rows = TRY(FeedbackRows::Of(options.fields));
  RowWriter writer = TRY(RowWriter::For(options.output));
  TRY(CheckOutputFile(options.output));
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  HandleInterrupts();
  TrainingSet set;
  UniformSample audits;
  if (options.audits) {
    audits = UniformVerdicts(TRY(ReadVerdictSamples(*store)));
    set.rows = AuditRows(audits);
    if (const std::string text = LeftOutText(audits); !text.empty()) LogInfo("{}", text);
  } else {
    set = TRY(ReadRows(*store, options));
  }
  std::map<std::string, int64_t> counts;
  for (const TrainingRow& row : set.rows) {
    writer.Add(rows.Row(row));
    ++counts[row.label];
  }
  TRY(writer.Write());
  if (set.rows.empty()) LogWarning("{}: no text has a label, so the file is empty", store->name());
  if (options.json) {
    return Print(Json{{"output", options.output.string()},
                      {"rows", set.rows.size()},
                      {"labels", counts},
                      {"contradicted", set.contradicted},
                      {"below_min_weight", set.light},
                      {"audited", set.audited},
                      {"thinned", audits.thinned},
                      {"experiments", audits.experiments}}
                     .dump() +
                 "\n");
  }
  std::string text =
      fmt::format("{}: {} row{}", options.output.string(), set.rows.size(), set.rows.size() == 1 ? "" : "s");
  for (const auto& [label, count] : counts) text += fmt::format(", {} {}", count, Printable(label));
  text += fmt::format("; left out: {} text{} on which users disagree, {} below --min-weight, {} audited\n",
                      set.contradicted, set.contradicted == 1 ? "" : "s", set.light, set.audited);
  return Print(text);
}

}  // namespace

Command FeedbackExportCommand() {
  return MakeCommand<FeedbackExportOptions>("feedback export", "Writes feedback as training data.", Describe, Run);
}

}  // namespace winnow
