#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/progress.h"
#include "bundle/calibration_texts.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/gnuplot.h"
#include "cli/latency_plot.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "evaluate/latency.h"
#include "kernels/isa.h"

namespace winnow {
namespace {

struct BenchOptions : CommonOptions {
  std::filesystem::path bundle;
  std::optional<std::filesystem::path> data;
  std::string text_field;
  int iterations = 1000;
  std::vector<std::string> batch_sizes = {"1", "2", "4", "8", "16", "32", "64", "128"};
  double seconds = 0.3;
  bool sorted = false;
  Weights weights = Weights::kAuto;
  std::optional<std::filesystem::path> plot;
};

void Describe(BenchOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.AddPositional("data", &options.data, "Texts to measure with (a line each, CSV, TSV, JSONL, gzip of each)")
      .ValueName("DATA")
      .Default("the model's held-out texts");
  AddTextField(options.text_field, table);
  table.Add("iterations", &options.iterations, "Single texts to time").Alias("n").Range(1, 1e7);
  table.Add("batch-sizes", &options.batch_sizes, "How many texts go together, for each throughput").ValueName("N");
  table.Add("seconds", &options.seconds, "Time for each batch size and number of threads").Range(0.01, 3600);
  table.Add("sorted", &options.sorted, "Take the texts sorted by length, instead of as they come");
  AddWeightsOption(options.weights, table);
  table.Group("Output");
  table.Add("plot", &options.plot, "Draw the figures too, as FILE.svg or FILE.png (by gnuplot)").ValueName("FILE");
  table.Example("winnow bench spam", "how fast this model answers here");
  table.Example("winnow bench spam messages.tsv --json --plot bench.svg", "for machines, and a picture");
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
  std::filesystem::path file = options.data.value_or(options.bundle / kCalibrationTextsFile);
  std::error_code ignored;
  std::vector<std::string> texts;
  if (!options.data && !std::filesystem::exists(file, ignored)) {
    LogInfo("the model holds no held-out texts; measuring with a few of Winnow's own");
    texts = OurTexts();
  } else {
    ReadOptions read;
    read.text_field = options.text_field;
    texts = TRY(ReadTexts(file, read));
  }
  if (options.sorted) std::ranges::stable_sort(texts, {}, &std::string::size);
  return texts;
}

Json ReportJson(const LatencyReport& report) {
  Json json = {{"load_ms", report.load_ms},     {"p50_ms", report.single.p50},
               {"p95_ms", report.single.p95},   {"p99_ms", report.single.p99},
               {"mean_ms", report.single.mean}, {"single_per_s", 1000 / report.single.mean}};
  for (const Throughput& t : report.throughput) {
    if (t.threads == report.threads) json[fmt::format("batch_{}_per_s", t.batch_size)] = t.texts_per_s;
  }
  const bool tokens = report.tokens_per_text > 0;
  json["tokens_p50_ms"] = tokens ? Json(report.single_tokens.p50) : Json();
  json["tokens_p95_ms"] = tokens ? Json(report.single_tokens.p95) : Json();
  json["tokens_p99_ms"] = tokens ? Json(report.single_tokens.p99) : Json();
  json["resident_mb"] = report.resident_mb;
  json["resident_file_mb"] = report.resident_file_mb;
  json["resident_after_mb"] = report.resident_after_mb;
  json["bundle_mb"] = report.bundle_mb;
  json["threads"] = report.threads;
  json["isa"] = report.isa;
  json["weights"] = report.weights;
  json["texts"] = report.texts;
  json["tokens_per_text"] = tokens ? Json(report.tokens_per_text) : Json();
  json["throughput"] = Json::array();
  for (const Throughput& t : report.throughput) {
    json["throughput"].push_back({{"threads", t.threads},
                                  {"batch_size", t.batch_size},
                                  {"texts_per_s", t.texts_per_s},
                                  {"tokens_per_s", tokens ? Json(t.tokens_per_s) : Json()}});
  }
  json["cpu"] = CpuName();
  json["extensions"] = CpuExtensions();
  json["version"] = WINNOW_VERSION;
  return json;
}

std::string Threads(int count) { return fmt::format("{} thread{}", count, count == 1 ? "" : "s"); }

std::string Table(const LatencyReport& report) {
  const bool tokens = report.tokens_per_text > 0;
  std::string text = fmt::format("{}, {}\n", CpuName(), CpuExtensions());
  text += tokens ? fmt::format("{} weights, {} kernels, {}, texts of {:.1f} tokens\n\n", report.weights, report.isa,
                               Threads(report.threads), report.tokens_per_text)
                 : fmt::format("{} model, {} kernels, {}\n\n", report.weights, report.isa, Threads(report.threads));
  text += fmt::format(
      "load to first answer      {:8.1f} ms\n"
      "resident memory           {:8.1f} MB   (bundle {:.1f} MB)\n\n"
      "one text at a time (ms)        p50      p95      p99     mean\n",
      report.load_ms, report.resident_mb, report.bundle_mb);
  const auto row = [&](const char* what, const LatencySummary& times) {
    // Linear models answer within microseconds.
    text += fmt::format("  {:<24}{:8.{}f} {:8.{}f} {:8.{}f} {:8.{}f}\n", what, times.p50, tokens ? 3 : 4, times.p95,
                        tokens ? 3 : 4, times.p99, tokens ? 3 : 4, times.mean, tokens ? 3 : 4);
  };
  row("text to decision", report.single);
  if (tokens) row("tokens to probabilities", report.single_tokens);
  text += "\n";
  std::vector<int> threads, sizes;
  for (const Throughput& t : report.throughput) {
    if (threads.empty() || threads.back() != t.threads) threads.push_back(t.threads);
    if (threads.size() == 1) sizes.push_back(t.batch_size);
  }
  text += "texts per second, by batch size and threads\n  batch ";
  for (const int t : threads) text += fmt::format("{:>10}", t == 1 ? "1 thread" : fmt::format("{} threads", t));
  text += "\n";
  for (size_t b = 0; b < sizes.size(); ++b) {
    text += fmt::format("  {:5} ", sizes[b]);
    for (size_t t = 0; t < threads.size(); ++t)
      text += fmt::format("{:10.0f}", report.throughput[t * sizes.size() + b].texts_per_s);
    text += "\n";
  }
  return text;
}

Result<void> Run(const BenchOptions& options) {
  HandleInterrupts();
  if (options.plot) TRY(CheckPlotFile(*options.plot));
  std::vector<int> batch_sizes;
  for (const std::string& text : options.batch_sizes) {
    int size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size() || size < 1 || size > 1'000'000) {
      return Fail(ErrorCode::kInvalidArgument, "--batch-sizes: '" + text + "' is no number of texts");
    }
    batch_sizes.push_back(size);
  }
  const std::vector<std::string> texts = TRY(Texts(options));
  ProgressBar bar("bench", 100);
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
  if (options.plot) {
    TRY(PlotLatency(report, options.bundle.filename().string(), *options.plot));
    LogInfo("{} shows it", options.plot->string());
  }
  return Print(options.json ? ReportJson(report).dump(2) + "\n" : Table(report));
}

}  // namespace

Command BenchCommand() {
  return MakeCommand<BenchOptions>("bench", "Measures how fast a model answers on this machine, and its memory.",
                                   Describe, Run);
}

}  // namespace winnow
