#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/data_options.h"
#include "cli/feedback_options.h"
#include "cli/gate_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "pipeline/base_model.h"
#include "report/report_files.h"
#include "retrain/gate_report.h"
#include "retrain/measure_gate.h"

namespace winnow {
namespace {

struct GateCommandOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  GatePlan plan;
  ReadingOptions reading;
  std::string store, since;
  std::optional<std::filesystem::path> report;
};

void Describe(GateCommandOptions& options, OptionTable& table) {
  options.table = &table;
  GatePlan& plan = options.plan;
  table.AddPositional("challenger", &plan.challenger, "Directory of the new model").ValueName("CHALLENGER").Required();
  table
      .AddPositional("data", &plan.origin.files,
                     "Labelled texts that neither model was trained on: CSV, TSV, JSON, JSONL or fastText files, "
                     "optionally gzip-compressed")
      .Required();
  table.Add("against", &plan.champion, "Directory of the model that the new one is to replace")
      .ValueName("CHAMPION")
      .Required();
  table.Describe(
      "Both models classify the same texts. The new one passes unless it is significantly worse, exceeds the bound of "
      "the false-positive rate, is worse in a slice of the texts, or decides a text of the must-pass list wrongly. The "
      "command fails if a condition does, and says which and by how much.");
  table.Group("Data");
  AddFieldOptions(options.reading, table);
  AddGateOptions(plan.bounds, plan.must_pass, options.report, table);
  table.Group("Audits");
  table.Add("store", &options.store, "Store whose audited messages are measured, too").ValueName("URL");
  table.Add("since", &options.since, "Leave out audited messages from before this time, such as 2026-11-28, in UTC")
      .ValueName("TIME");
  table.Group("Models");
  AddWeightsOption(plan.weights, table);
  AddTrustOptions(options, table);
  table.Example("winnow gate spam-new held-out.tsv --against spam --must-pass must-pass.jsonl --report gate",
                "whether spam-new may replace spam, with a report as a page: gate/gate.html");
}

Result<void> Run(const GateCommandOptions& options) {
  HandleInterrupts();
  ThreadPool pool(options.threads);
  ConsoleObserver observer;
  TRY(CheckReadForEachModel(options.plan.origin.files, "gate"));
  OptionEffects(options.table).Check(!options.store.empty(), {"since"}, "without --store").Log();
  GatePlan plan = options.plan;
  plan.champion = TRY(FindModel(plan.champion, observer));
  plan.challenger = TRY(FindModel(plan.challenger, observer));
  plan.origin.fields = {.text = options.reading.text_field, .labels = options.reading.label_field};
  plan.origin.format = options.reading.format;
  plan.audits_since = TRY(ParseTimeOption("since", options.since));
  if (options.report) TRY(PrepareReportDirectory(*options.report));
  std::unique_ptr<Store> store;
  if (!options.store.empty()) store = TRY(OpenExistingStore(options.store));
  plan.store = store.get();
  const GateReport report = TRY(MeasureGateOnFiles(plan, options.reading, pool));
  TRY(Print(options.json ? GateJson(report).dump(2) + "\n" : GateText(report)));
  if (options.report) TRY(WriteGateReport(report, *options.report));
  if (report.passed) return {};
  return Fail(ErrorCode::kInvalidModel,
              fmt::format("{} does not pass the gate: {}", report.challenger, fmt::join(report.Failed(), ", ")),
              "the report above says by how much; keep the present model, or improve the new one and examine it again");
}

}  // namespace

Command GateCommand() {
  return MakeCommand<GateCommandOptions>("gate", "Examines whether a model may replace another one.", Describe, Run);
}

}  // namespace winnow
