#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse_number.h"
#include "base/progress.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "cli/text_report.h"
#include "data/dataset.h"
#include "evaluate/latency.h"
#include "kernels/isa.h"
#include "kernels/packed_matmul.h"
#include "report/latency_plot.h"
#include "report/latency_report.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

struct BenchOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::filesystem::path bundle;
  std::optional<std::filesystem::path> data;
  ReadOptions reading;
  int iterations = 1000;
  std::vector<std::string> batch_sizes = {"1", "2", "4", "8", "16", "32", "64", "128"};
  double seconds = 0.3;
  bool sorted = false;
  Weights weights = Weights::kAuto;
  std::optional<std::filesystem::path> plot;
};

void Describe(BenchOptions& options, OptionTable& table) {
  options.table = &table;
  table.AddPositional("bundle", &options.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  table
      .AddPositional("data", &options.data,
                     "Texts to measure with: one per line, or a CSV, TSV or JSONL file, optionally gzip-compressed")
      .ValueName("DATA")
      .Default("the model's held-out texts");
  table.Group("Data");
  table.Describe("The texts of a model with a text template are those that the template makes of the rows of DATA.");
  AddTextField(options.reading.text_field, table);
  AddFormatOptions(options.reading.format, table);
  table.Group("Measurement");
  table.Add("iterations", &options.iterations, "Number of texts to time one by one, for latency")
      .Alias("n")
      .Range(1, 1e7);
  table.Add("batch-sizes", &options.batch_sizes, "Batch sizes to measure throughput with").ValueName("N");
  table
      .Add("seconds", &options.seconds,
           "Duration of the measurement, in seconds, for each batch size and number of threads")
      .Range(0.01, 3600);
  table.Add("sorted", &options.sorted, "Sort the texts by length, instead of using their order in the file");
  AddWeightsOption(options.weights, table);
  table.Group("Output");
  table.Add("plot", &options.plot, "Also plot the measurements, as FILE.svg, or as FILE.png, which requires gnuplot")
      .ValueName("FILE");
  AddTrustOptions(options, table);
  table.Example("winnow bench spam", "measure latency and throughput on this machine");
  table.Example("winnow bench spam messages.tsv --json --plot bench.svg", "JSON output and a plot");
}

/// For bundles without held-out texts, when none are given.
std::vector<std::string> OurTexts() {
  return {"Are we still on for lunch tomorrow? I can book a table for two.",
          "URGENT! You have won a 1000 pound prize, call 09061234567 now to claim",
          "ok",
          "Can you send me the notes from today's meeting when you have a minute? I missed the last part of it.",
          "Your parcel could not be delivered, please confirm your address here",
          "Running late, start without me",
          "Happy birthday! Hope you have a great day, see you at the weekend",
          "Get cheap loans today, no credit check, reply YES to apply or STOP to opt out"};
}

Result<std::vector<std::string>> Texts(const BenchOptions& options) {
  const std::filesystem::path held_out = options.bundle / kCalibrationTextsFile;
  std::vector<std::string> texts;
  if (options.data) {
    ReadOptions reading = options.reading;
    reading.template_text = TRY(ReadManifest(options.bundle)).text_template;
    ReadReport report;
    texts = TRY(ReadTexts(*options.data, reading, &report));
    LogTextReport(report);
  } else if (Exists(held_out)) {
    for (CalibrationText& text : TRY(ReadCalibrationTexts(held_out))) texts.push_back(std::move(text.text));
  } else {
    LogInfo("the model contains no calibration set; measuring with built-in example texts");
    texts = OurTexts();
  }
  if (options.sorted) std::ranges::stable_sort(texts, {}, &std::string::size);
  return texts;
}

Result<void> Run(const BenchOptions& options) {
  HandleInterrupts();
  if (options.plot) TRY(CheckChartFile(*options.plot));
  std::vector<int> batch_sizes;
  for (const std::string& text : options.batch_sizes) {
    const int size = ParseNumber<int>(text).value_or(0);
    if (size < 1 || size > 1'000'000)
      return Fail(ErrorCode::kInvalidArgument, "--batch-sizes: '" + text + "' is not a valid batch size",
                  "specify numbers of texts from 1 to 1000000, separated by commas");
    batch_sizes.push_back(size);
  }
  OptionEffects(options.table).Check(options.data.has_value(), kFormatOptionNames, "without DATA").Log();
  const std::vector<std::string> texts = TRY(Texts(options));
  ProgressBar bar("bench", 100, ProgressUnit::kPercent);
  int64_t percent = 0;
  LatencyReport report = TRY(MeasureLatency(options.bundle, texts,
                                            {.iterations = options.iterations,
                                             .batch_seconds = options.seconds,
                                             .threads = options.threads,
                                             .batch_sizes = batch_sizes,
                                             .weights = options.weights,
                                             .progress = [&](double done) {
                                               for (; percent < static_cast<int64_t>(done * 100); ++percent)
                                                 bar.Advance();
                                               return !Interrupted();
                                             }}));
  bar.Finish();
  report.isa = NameOf(ActiveIsa());
  if (report.weights.starts_with("int8")) report.int8_instructions = PackedProductInstructions();
  if (options.plot) {
    TRY(PlotLatency(report, options.bundle.filename().string(), *options.plot));
    LogInfo("wrote the plot to {}", options.plot->string());
  }
  return Print(options.json ? LatencyJson(report).dump(2) + "\n" : LatencyText(report));
}

}  // namespace

Command BenchCommand() {
  return MakeCommand<BenchOptions>("bench", "Measures latency, throughput and memory use of a model on this machine.",
                                   Describe, Run);
}

}  // namespace winnow
