#include "evaluate/data_curve.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/output.h"
#include "cli/train_options.h"
#include "pipeline/data_plan.h"
#include "pipeline/learning_curve.h"
#include "report/data_curve_plot.h"
#include "report/data_curve_report.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

struct DataCurveOptions : TrainCommandOptions {
  std::vector<std::string> sizes;
  std::optional<std::filesystem::path> plot;
};

void Describe(DataCurveOptions& options, OptionTable& table) {
  AddLearningPlanOptions(options, table);
  table.Group("Learning curve");
  table
      .Add("sizes", &options.sizes,
           "Sizes of the training parts: numbers of texts (50,100,200), or shares up to 1 (0.1,0.5,1)")
      .ValueName("N,...")
      .Default("all texts, half of them, a quarter and so on, down to about 50");
  table.Add("plot", &options.plot, "Plot the learning curve into this .svg or .png file").ValueName("FILE");
  table.Describe(
      "Trains on increasingly large subsets of the training part. The subsets are nested and stratified: each one "
      "contains the smaller ones and has the same label proportions. The validation and test parts stay the same, so "
      "that only the number of training texts differs. The options are those of 'winnow train'; no model is saved.");
  table.Example("winnow data curve sms.tsv --freeze encoder --plot curve.svg",
                "estimate whether more labelled texts would help");
}

Result<void> Run(const DataCurveOptions& options) {
  if (options.plot) TRY(CheckChartFile(*options.plot));
  HandleInterrupts();
  ThreadPool pool(options.threads);
  ConsoleObserver observer;
  const TrainingPlan plan = TRY(PlanOf(options));
  for (const std::string& line : OptionsWithoutEffect(options)) observer.Warn(line);
  const Split split = TRY(ReadParts(plan, observer));
  if (split.test.examples.empty()) {
    return Fail(ErrorCode::kInvalidData, "there is no test part to measure on", "specify --test FILE or --test-size");
  }
  const DataCurve curve = TRY(MeasureLearningCurve(plan, options.sizes, split, pool, observer));
  if (options.plot) {
    const std::string name = plan.data.files.front().filename().string();
    const std::string& model = plan.model.transformer() ? plan.model.base_model : plan.model.kind;
    TRY(PlotDataCurve(curve, fmt::format("{}, {}", name, model), *options.plot));
    LogInfo("wrote the plot to {}", options.plot->string());
  }
  if (options.json) return Print(DataCurveJson(curve).dump(2) + "\n");
  return Print(DataCurveText(curve));
}

}  // namespace

Command DataCurveCommand() {
  return MakeCommand<DataCurveOptions>("data curve", "Measures how metrics depend on the number of training texts.",
                                       Describe, Run);
}

}  // namespace winnow
