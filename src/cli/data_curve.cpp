#include "evaluate/data_curve.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/measuring.h"
#include "cli/output.h"
#include "cli/train_options.h"
#include "data/split.h"
#include "evaluate/strata.h"
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
  AddRecipeOptions(options, table);
  table.Group("Curve");
  table
      .Add("sizes", &options.sizes,
           "Sizes of the training parts: numbers of texts (50,100,200), or shares up to 1 (0.1,0.5,1)")
      .ValueName("N,...")
      .Default("halves of all texts, down to about 50");
  table.Add("plot", &options.plot, "Draw the curve into this .svg or .png file").ValueName("FILE");
  table.Describe(
      "Trains on a small part of the training texts, then on larger ones, each of which holds the smaller and has "
      "every "
      "label in proportion. The validation and test parts stay the same, so that only the number of training texts "
      "differs. Options are those of 'winnow train'; no model stays.");
  table.Example("winnow data curve sms.tsv --freeze encoder --plot curve.svg", "would more labelled texts help?");
}

/// Whether each text was decided as it is labelled.
std::vector<uint8_t> RightOnes(const TrainedBundle& trained, const Dataset& test) {
  const size_t labels = test.labels.size();
  std::vector<uint8_t> right;
  for (size_t t = 0; t < test.examples.size(); ++t) {
    const std::vector<int32_t>& truth = test.examples[t].labels;
    if (test.multi_label) {
      right.push_back(trained.decided[t] == truth ? 1 : 0);
      continue;
    }
    const auto row = trained.probabilities.begin() + static_cast<std::ptrdiff_t>(t * labels);
    const auto most = std::max_element(row, row + static_cast<std::ptrdiff_t>(labels)) - row;
    right.push_back(most == truth.front() ? 1 : 0);
  }
  return right;
}

Result<DataCurve> Measure(const DataCurveOptions& options, const Split& split, ThreadPool& pool) {
  const size_t available = split.train.examples.size();
  const std::vector<size_t> sizes = TRY(CurveSizes(options.sizes, available, split.train.labels.size()));
  const TrainCommandOptions recipe = TRY(PrepareToMeasure(options));
  const std::vector<size_t> order = StratifiedOrder(split.train, options.seed);
  DataCurve curve{.available = static_cast<int64_t>(available),
                  .validation = static_cast<int64_t>(split.validation.examples.size()),
                  .points = {}};
  for (const size_t size : sizes) {
    std::vector<size_t> chosen(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
    std::ranges::sort(chosen);  // the whole is as `winnow train` has it
    Split part{
        .train = PartOf(split.train, chosen), .validation = split.validation, .test = split.test, .training_only = {}};
    AddVariants(recipe, part);
    const TrainedBundle trained = TRY(TrainToMeasure(recipe, part, fmt::format("{} texts", size), pool));
    curve.points.push_back({.texts = static_cast<int64_t>(size),
                            .seconds = trained.info["training_time_seconds"].get<double>(),
                            .metrics = trained.metrics,
                            .right = RightOnes(trained, split.test)});
    LogInfo("{} training texts: accuracy {:.4f}, macro-F1 {:.4f}", size, trained.metrics.accuracy,
            trained.metrics.f1_macro);
  }
  return curve;
}

Result<void> Run(const DataCurveOptions& options) {
  if (options.plot) TRY(CheckChartFile(*options.plot));
  HandleInterrupts();
  ThreadPool pool(options.threads);
  SplitReport report;
  const Split split =
      TRY(ReadSplit(SplitFilesOf(options), TRY(ReadOptionsOf(options)), SplitOptionsOf(options), report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  if (split.test.examples.empty()) {
    return Fail(ErrorCode::kInvalidData, "there is no test part to measure on", "give a --test file or a --test-size");
  }
  const DataCurve curve = TRY(Measure(options, split, pool));
  if (options.plot) {
    const std::string name = options.data.front().filename().string();
    TRY(PlotDataCurve(curve, fmt::format("{}, {}", name, options.base_model), *options.plot));
    LogInfo("{} is drawn", options.plot->string());
  }
  if (options.json) return Print(DataCurveJson(curve).dump(2) + "\n");
  return Print(DataCurveText(curve));
}

}  // namespace

Command DataCurveCommand() {
  return MakeCommand<DataCurveOptions>("data curve", "Measures what more training texts bring.", Describe, Run);
}

}  // namespace winnow
