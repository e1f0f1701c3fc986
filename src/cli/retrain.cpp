#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/output_file.h"
#include "base/temporary_directory.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/data_options.h"
#include "cli/feedback_options.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "data/row_writer.h"
#include "feedback/read_training_set.h"
#include "pipeline/base_model.h"
#include "pipeline/data_plan.h"
#include "pipeline/plan_of_model.h"
#include "pipeline/train.h"
#include "report/metrics_report.h"
#include "text/text_template.h"

namespace winnow {
namespace {

struct RetrainOptions : CommonOptions {
  std::filesystem::path model, receipt;
  std::vector<std::filesystem::path> data;
  std::optional<std::filesystem::path> validation, test;
  ReadingOptions reading;
  std::string store;
  double min_weight = 0;
  OutputPlan output;
};

void Describe(RetrainOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.model, "Directory of the model whose configuration is used")
      .ValueName("MODEL")
      .Required();
  table.Group("Data");
  table.Add("data", &options.data, "Labelled texts, as in 'winnow train'").ValueName("FILE");
  table.Add("store", &options.store, "Store whose feedback is added, as 'winnow feedback export' writes it")
      .ValueName("URL");
  table
      .Add("min-weight", &options.min_weight,
           "Leave out feedback for whose label the weights of the users add up to less; administrators' labels are "
           "always used")
      .AtLeast(0);
  table.Add("validation", &options.validation, "Labelled texts for choosing the best epoch and for calibration")
      .Default("held out from the texts, as in the training of MODEL");
  table.Add("test", &options.test, "Labelled texts for the reported metrics only")
      .Default("held out from the texts, as in the training of MODEL");
  AddFieldOptions(options.reading, table);
  table.Group("Output");
  table.Add("output-dir", &options.output.dir, "Directory for the trained model")
      .ValueName("DIR")
      .Short('o')
      .Required();
  table.Add("name", &options.output.name, "Name of the model").ValueName("NAME").Default("the name of MODEL");
  AddModelVersion(options.output.version.version, table,
                  "1.0.0, or the next minor version of the model of that name that is replaced");
  AddOverwrite(
      options.output.overwrite, table,
      "Write into --output-dir even if it contains other files than those of a Winnow model, which stay there");
  table.Add("keep-data", &options.output.keep_data, "Save the validation texts with the model, for later calibration");
  table
      .Add("receipt", &options.receipt,
           "Add the digests of the data, of the feedback and of the model to this file, such as the receipt of 'winnow "
           "forget'")
      .ValueName("FILE");
  table.Describe(
      "Trains again from the base model, with the configuration of MODEL, on --data and on the feedback of --store. "
      "Nothing of the weights of MODEL is used. After 'winnow forget', the model is the one that a training without "
      "the forgotten texts makes.");
  AddTrustOptions(options, table);
  table.Example("winnow retrain spam --data sms.tsv --store sqlite:store.db --output-dir spam-new --receipt anna.json",
                "without what was forgotten, and with a receipt of it");
}

/// Writes feedback as rows that the data's options read: the text is that of its field, or the body of the template's.
Result<void> WriteFeedback(const TrainingSet& set, const ReadingOptions& reading, const std::filesystem::path& file) {
  RowWriter writer = TRY(RowWriter::For(file));
  std::vector<std::string> names = {reading.text_field.empty() ? "text" : reading.text_field};
  if (!reading.template_text.empty()) {
    const std::vector<std::string> fields = TRY(TextTemplate::Parse(reading.template_text)).fields();
    const auto has = [&](const char* name) { return std::ranges::find(fields, name) != fields.end(); };
    if (!has("text") && !has("body")) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("feedback cannot fill the text template '{}' of the model, which has neither {{text}} "
                              "nor {{body}}",
                              reading.template_text),
                  "omit --store, and export the feedback into files with the fields of the template");
    }
    names = {has("body") ? "body" : "text"};
    if (has("body") && has("text")) names.push_back("text");
  }
  const std::string label = reading.label_field.size() == 1 ? reading.label_field[0] : "label";
  for (const TrainingRow& row : set.rows) {
    std::vector<Field> fields;
    for (const std::string& name : names) fields.push_back(TextField(name, row.text));
    fields.push_back(TextField(label, row.label));
    writer.Add(fields);
  }
  return writer.Write();
}

Result<TrainingPlan> PlanOf(const RetrainOptions& options, const std::filesystem::path& model) {
  const RetrainingPlan retraining = TRY(RetrainingPlanOf(model));
  if (!retraining.exact) {
    LogWarning(
        "{}: an older version of Winnow trained the model, so values that it had chosen by the data, such as C "
        "or the number of epochs, are used again",
        model.string());
  }
  TrainingPlan plan = retraining.plan;
  const ReadingOptions recorded = plan.data.reading;
  plan.data.reading = options.reading;
  plan.data.reading.template_text = recorded.template_text;
  plan.data.reading.problem_type = recorded.problem_type;
  plan.data.files = options.data;
  plan.data.validation = options.validation;
  plan.data.test = options.test;
  plan.output = options.output;
  if (plan.output.name.empty()) plan.output.name = TRY(ReadManifest(model)).name;
  return plan;
}

struct Feedback {
  size_t rows = 0;
  std::string sha256;
};

/// Adds the feedback of the store to the files of the plan.
Result<std::optional<Feedback>> AddFeedback(const RetrainOptions& options, const std::filesystem::path& directory,
                                            TrainingPlan& plan) {
  if (options.store.empty()) return std::nullopt;
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  const TrainingSet set = TRY(ReadTrainingSet(*store, {.least_weight = options.min_weight}));
  LogInfo("{}: {} texts of feedback", store->name(), set.rows.size());
  if (!set.rows.empty()) {
    const std::filesystem::path file = directory / "feedback.jsonl";
    TRY(WriteFeedback(set, plan.data.reading, file));
    plan.data.files.push_back(file);
  }
  return Feedback{set.rows.size(), Sha256(JsonLinesOf(set.rows))};
}

Result<Json> ReceiptOf(const RetrainOptions& options, const std::optional<Feedback>& feedback,
                       const std::filesystem::path& bundle) {
  Json data = Json::array();
  for (const std::filesystem::path& file : options.data)
    data.push_back({{"path", file.string()}, {"sha256", TRY(Sha256OfFile(file))}});
  const Manifest manifest = TRY(ReadManifest(bundle));
  return Json{{"time", TimestampUtc()},
              {"winnow_version", WINNOW_VERSION},
              {"data", data},
              {"export_rows", feedback ? Json(feedback->rows) : Json()},
              {"export_sha256", feedback ? Json(feedback->sha256) : Json()},
              {"bundle", bundle.string()},
              {"manifest_sha256", TRY(Sha256OfFile(bundle / kManifestFile))},
              {"files", manifest.sha256}};
}

/// Appends to the list "retrained" of a receipt, or begins a file.
Result<void> WriteReceipt(const std::filesystem::path& path, Json receipt) {
  Json document = {{"receipt", "retrain"}};
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    document = TRY(ParseJsonLeniently(TRY(ReadFile(path)), JsonOrder::kAsWritten));
    if (!document.is_object()) {
      return Fail(ErrorCode::kInvalidData, path.string() + ": not a receipt: expected a JSON object",
                  "specify another file with --receipt");
    }
  }
  Json& list = document["retrained"];
  if (!list.is_array()) list = Json::array();
  list.push_back(std::move(receipt));
  return WriteOutputFile(path, document.dump(2) + "\n");
}

Result<void> Run(const RetrainOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  HandleInterrupts();
  ThreadPool pool(options.threads);
  if (!options.receipt.empty()) TRY(CheckOutputFile(options.receipt, options.data));
  ConsoleObserver observer;
  const std::filesystem::path model = TRY(FindModel(options.model, observer));
  TrainingPlan plan = TRY(PlanOf(options, model));
  const ScopedTemporaryDirectory directory = TRY(ScopedTemporaryDirectory::Make("retrain"));
  const std::optional<Feedback> feedback = TRY(AddFeedback(options, directory.path(), plan));
  if (plan.data.files.empty())
    return Fail(ErrorCode::kInvalidArgument, "no data to train on", "specify --data FILE, or a --store with feedback");
  { TRY(BundleWriter::Begin(plan.output.dir, plan.output.overwrite)); }  // before the work, not after it
  Split split = TRY(ReadParts(plan, observer));
  TRY(AugmentTrainingPart(plan, split, observer));
  const TrainedModel trained = TRY(Train(plan, split, pool, observer, begin));
  const Json receipt = TRY(ReceiptOf(options, feedback, plan.output.dir));
  if (!options.receipt.empty()) TRY(WriteReceipt(options.receipt, receipt));
  Json document = TrainingInfoJson(trained.info);
  document["receipt"] = receipt;
  if (options.json) return Print(document.dump(2) + "\n");
  return Print(fmt::format("On {} {} texts:\n{}", FormatCount(trained.metrics.count),
                           trained.has_test ? "test" : "validation", ReportText(trained.metrics)));
}

}  // namespace

Command RetrainCommand() {
  return MakeCommand<RetrainOptions>("retrain", "Trains a model again, with its configuration, on present data.",
                                     Describe, Run);
}

}  // namespace winnow
