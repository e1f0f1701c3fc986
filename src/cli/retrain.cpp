#include "retrain/retrain.h"

#include <algorithm>
#include <chrono>

#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/feedback_options.h"
#include "cli/field_options.h"
#include "cli/gate_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "pipeline/base_model.h"
#include "retrain/retrain_registered.h"

namespace winnow {
namespace {

struct RetrainOptions : RegistryCommandOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::filesystem::path model;
  RetrainPlan plan;
  std::string store;
  std::string feedback;
  PromotePolicy promote = PromotePolicy::kChallenger;
  std::filesystem::path work_dir;
};

void DescribeSelection(RetrainOptions& options, OptionTable& table) {
  FeedbackSelectionOptions& selection = options.plan.selection;
  table.Group("Feedback");
  table.Add("store", &options.store, "Store of the feedback and of the audits").ValueName("URL");
  table
      .Add("feedback", &options.feedback,
           "all: all feedback, as 'winnow feedback export' writes it, is a part of the data; selected: enough new "
           "feedback that people agree on is added to the training part, and the new model has to pass the gate")
      .OneOf({"all", "selected"})
      .Default("selected for a model of a registry, otherwise all");
  table
      .Add("min-weight", &selection.least_weight,
           "Leave out feedback for whose label the weights of the users add up to less; administrators' labels are "
           "always used")
      .AtLeast(0);
  table
      .Add(
          "min-new", &selection.least_new,
          "Minimum number of new texts of feedback for each label, or for two of the labels if there are more than two; "
          "with fewer, nothing is trained")
      .AtLeast(0);
  table
      .Add("max-ratio", &selection.most_ratio,
           "Largest number of texts of feedback for a label, as a multiple of the number for the rarest label")
      .AtLeast(1);
  table
      .Add("max-near-duplicates", &selection.most_near_duplicates,
           "Largest number of texts to train on that are near-duplicates of each other")
      .AtLeast(1);
  table
      .Add("review", &options.plan.review,
           "Write the texts that people disagree about, and that are left out, to FILE, as JSON lines")
      .ValueName("FILE");
}

void DescribeRegistry(RetrainOptions& options, OptionTable& table) {
  table.Group("Registry");
  AddRegistryPlace(options.place, table);
  table.Add("actor", &options.actor, "Who makes the change, for the history and the audit log")
      .ValueName("NAME")
      .Default("the user of the process");
  table.AddChoice("promote", &options.promote,
                  {{"none", PromotePolicy::kNone},
                   {"challenger", PromotePolicy::kChallenger},
                   {"champion", PromotePolicy::kChampion}},
                  "What a new model that passes the gate becomes: a version, the challenger, or the champion unless "
                  "somebody has changed the champion meanwhile. A model that does not pass is not pushed");
  table
      .Add("work-dir", &options.work_dir,
           "Directory for the present model, the checkpoints and the new model; an interrupted run is continued there")
      .ValueName("DIR")
      .Default("retrain/NAME in the state directory of a systemd unit, or in ~/.cache/winnow");
}

void Describe(RetrainOptions& options, OptionTable& table) {
  options.table = &table;
  RetrainPlan& plan = options.plan;
  table
      .AddPositional("model", &options.model,
                     "Directory of the model whose configuration is used or, with --registry, NAME or NAME@ALIAS of a "
                     "model, NAME alone being its champion")
      .ValueName("MODEL")
      .Required();
  table.Group("Data");
  table.Add("data", &plan.data, "Labelled texts, as in 'winnow train'").ValueName("FILE");
  table.Add("validation", &plan.validation, "Labelled texts for choosing the best epoch and for calibration")
      .Default("held out from the texts, as in the training of MODEL");
  table
      .Add("test", &plan.test,
           "Labelled texts for the reported metrics and the gate only, which no model is trained on")
      .Default("held out from the texts, as in the training of MODEL");
  constexpr char kAsTrained[] = "as in the training of MODEL, otherwise found by name";
  AddTextField(plan.reading.text_field, table).Default(kAsTrained).Alias("text-column-name");
  AddLabelField(plan.reading.label_field, table).Default(kAsTrained).Alias("label-column-name");
  AddFilter(plan.reading.filter, table).Default("as in the training of MODEL; '' keeps all rows");
  AddFormatOptions(plan.reading.format, table);
  AddUnknownLabels(plan.reading.unknown_labels, table);
  DescribeSelection(options, table);
  AddGateOptions(plan.bounds, plan.must_pass, plan.report, table);
  DescribeRegistry(options, table);
  table.Group("Output");
  table.Add("output-dir", &plan.output.dir, "Directory for the trained model; required unless MODEL is of a registry")
      .ValueName("DIR")
      .Short('o');
  table.Add("name", &plan.output.name, "Name of the model").ValueName("NAME").Default("the name of MODEL");
  AddModelVersion(
      plan.output.version.version, table,
      "with --feedback selected the next minor version of MODEL; otherwise 1.0.0, or the next minor version "
      "of the model of that name that is replaced");
  AddOverwrite(
      plan.output.overwrite, table,
      "Write into --output-dir even if it contains other files than those of a Winnow model, which stay there");
  table.Add("keep-data", &plan.keep_data, "Save the validation texts with the model, for later calibration")
      .Default("as in the training of MODEL");
  table
      .Add("receipt", &plan.receipt,
           "Add the digests of the data, of the feedback and of the model to this file, such as the receipt of 'winnow "
           "forget'")
      .ValueName("FILE");
  table.Describe(
      "Trains again from the base model, with the configuration of MODEL, on --data and on the feedback of --store. "
      "The weights of MODEL are not used. After 'winnow forget', the model is the one that a training without "
      "the forgotten texts makes. With --feedback selected, as in a weekly run, nothing is trained while there is too "
      "little new feedback, which is not an error; the result says why.");
  AddTrustOptions(options, table);
  table.Example("winnow retrain spam --registry registry --data sms.tsv --store sqlite:store.db --promote challenger",
                "the weekly run: the next version of a model of a registry, if there is enough new feedback");
  table.Example("winnow retrain spam --data sms.tsv --store sqlite:store.db --output-dir spam-new --receipt anna.json",
                "without what was forgotten, and with a receipt of it");
  table.Example(
      "winnow retrain spam --data sms.tsv --store sqlite:store.db --feedback selected --must-pass must-pass.jsonl "
      "--report gate --output-dir spam-new",
      "with what people have reported, and a report that says whether the new model may replace the old one");
}

/// Refuses options of what is not done: a gate that examines nothing must not be believed to have examined.
Result<void> CheckGiven(const RetrainOptions& options, bool registered) {
  if (registered) return {};
  TRY(RefuseGiven(options.table, {"promote", "work-dir"}, "requires a model of a registry",
                  "omit the option, or specify --registry URL and the name of a model"));
  if (options.feedback == "selected") return {};
  return RefuseGiven(options.table,
                     {"must-pass", "report", "alpha", "max-fpr", "max-slice-drop", "review", "min-new", "max-ratio",
                      "max-near-duplicates"},
                     "requires --feedback selected: otherwise all feedback is used, and no gate examines the new model",
                     "add --feedback selected, or omit the option; 'winnow gate' examines any two models");
}

/// Returns true for NAME of a registry. A directory of that name is meant only with --output-dir, which names have no
/// use for; the registry may be one of the environment.
bool IsRegistered(const RetrainOptions& options) {
  std::error_code ignored;
  return !options.place.registry.empty() &&
         (options.plan.output.dir.empty() || !std::filesystem::is_directory(options.model, ignored));
}

Result<void> RunRegistered(const RetrainOptions& options, const RetrainPlan& plan, ThreadPool& pool,
                           TrainingObserver& observer, std::chrono::steady_clock::time_point begin) {
  if (options.feedback == "all" || !plan.output.dir.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--feedback all and --output-dir cannot be combined with a model of a registry",
                "pull the model and retrain the directory");
  }
  const std::string model = options.model.string();
  RegisteredRetrainPlan registered{.model = model,
                                   .promote = options.promote,
                                   .work_dir = options.work_dir,
                                   .plan = plan,
                                   .command = "winnow retrain " + model};
  if (registered.work_dir.empty()) registered.work_dir = TRY(DefaultWorkDirectory(model));
  const std::unique_ptr<Registry> registry = TRY(OpenRegistry(options));
  const RegisteredRetraining done = TRY(RetrainRegistered(*registry, registered, pool, observer, begin));
  return Print(options.json ? RegisteredRetrainingJson(done).dump(2) + "\n" : RegisteredRetrainingText(done));
}

Result<void> Run(const RetrainOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  HandleInterrupts();
  ThreadPool pool(options.threads);
  ConsoleObserver observer;
  const bool registered = IsRegistered(options);
  TRY(CheckGiven(options, registered));
  RetrainPlan plan = options.plan;
  std::unique_ptr<Store> store;
  if (!options.store.empty()) store = TRY(OpenExistingStore(options.store));
  plan.store = store.get();
  OptionEffects(options.table).Check(!registered, {"name"}, "with a model of a registry, which keeps its name").Log();
  if (registered) return RunRegistered(options, plan, pool, observer, begin);
  if (plan.output.dir.empty())
    return Fail(ErrorCode::kInvalidArgument, "--output-dir is missing", "specify --output-dir DIR, or --registry URL");
  plan.champion = TRY(FindModel(options.model, observer));
  plan.feedback = options.feedback == "selected" ? FeedbackUse::kSelected : FeedbackUse::kAll;
  const Retraining retraining = TRY(Retrain(plan, pool, observer, begin));
  return Print(options.json ? RetrainingJson(retraining).dump(2) + "\n" : RetrainingText(retraining));
}

}  // namespace

Command RetrainCommand() {
  return MakeCommand<RetrainOptions>("retrain", "Trains a model again, with its configuration, on present data.",
                                     Describe, Run);
}

}  // namespace winnow
