#include "report/latency_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/machine.h"

namespace winnow {
namespace {

std::string Threads(int count) { return fmt::format("{} thread{}", count, count == 1 ? "" : "s"); }

}  // namespace

Json LatencyJson(const LatencyReport& report) {
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
  json["int8_instructions"] = report.int8_instructions.empty() ? Json() : Json(report.int8_instructions);
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

std::string LatencyText(const LatencyReport& report) {
  const bool tokens = report.tokens_per_text > 0;
  std::string text = fmt::format("{}, {}\n", CpuName(), CpuExtensions());
  const std::string int8 = report.int8_instructions.empty() ? "" : " (" + report.int8_instructions + ")";
  text += tokens ? fmt::format("{} weights, {} kernels{}, {}, texts of {:.1f} tokens\n\n", report.weights, report.isa,
                               int8, Threads(report.threads), report.tokens_per_text)
                 : fmt::format("{} model, {} kernels, {}\n\n", report.weights, report.isa, Threads(report.threads));
  text += fmt::format(
      "load to first prediction  {:8.1f} ms\n"
      "resident memory           {:8.1f} MB   (bundle {:.1f} MB)\n\n"
      "latency of single texts (ms)   p50      p95      p99     mean\n",
      report.load_ms, report.resident_mb, report.bundle_mb);
  const auto row = [&](const char* what, const LatencySummary& times) {
    // Linear models answer within microseconds.
    text += fmt::format("  {:<24}{:8.{}f} {:8.{}f} {:8.{}f} {:8.{}f}\n", what, times.p50, tokens ? 3 : 4, times.p95,
                        tokens ? 3 : 4, times.p99, tokens ? 3 : 4, times.mean, tokens ? 3 : 4);
  };
  row("with tokenization", report.single);
  if (tokens) row("model only", report.single_tokens);
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

}  // namespace winnow
