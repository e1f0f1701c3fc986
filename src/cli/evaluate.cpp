#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/labelled_data.h"
#include "cli/output.h"
#include "evaluate/evaluation.h"
#include "evaluate/report.h"

namespace winnow {
namespace {

struct EvaluateOptions : LabelledDataOptions {
  std::filesystem::path bundle;
  std::vector<std::filesystem::path> data;
  std::optional<LongText> long_text;
};

void Describe(EvaluateOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.AddPositional("data", &options.data, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each")
      .Required();
  AddLabelledDataOptions(options, table);
  AddLongTextOption(options.long_text, table);
  table.Example("winnow evaluate spam held-out.tsv", "figures with their confidence intervals");
}

Result<void> Run(const EvaluateOptions& options) {
  HandleInterrupts();
  ThreadPool pool(options.threads);
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(options.bundle, pool, options.weights, options.long_text));
  ReadReport read;
  const Result<Dataset> dataset = ReadLabelledData(classifier, options.data, options, read);
  for (const std::string& line : Lines(read.Text())) LogInfo("{}", line);
  if (!dataset) return std::unexpected(dataset.error());
  ProgressBar bar("evaluate", static_cast<int64_t>(dataset->examples.size()));
  const Metrics metrics = TRY(EvaluateClassifier(classifier, *dataset, {.mode = options.mode}, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return Print(options.json ? ReportJsonText(metrics) + "\n" : ReportText(metrics));
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>("evaluate", "Measures a model on labelled texts, with confidence intervals.",
                                      Describe, Run);
}

}  // namespace winnow
