#include "report/quantization_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace winnow {
namespace {

/// The numbers of the layers that are true.
Json Numbers(const std::vector<bool>& layers) {
  Json numbers = Json::array();
  for (size_t l = 0; l < layers.size(); ++l) {
    if (layers[l]) numbers.push_back(l);
  }
  return numbers;
}

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

/// The table of a bundle for browsers.
std::string StepsText(const QuantizeReport& report) {
  std::string lines = fmt::format(
      "Weights for browsers, on {} held-out texts:\n"
      "                  weights   accuracy   macro-F1\n",
      report.before.count);
  for (const QuantizationStep& step : report.steps) {
    lines += fmt::format("  {:<13} {:6.2f} MB     {:6.4f}     {:6.4f}\n", step.name, Megabytes(step.bytes),
                         step.metrics.accuracy, step.metrics.f1_macro);
  }
  const auto kept = std::ranges::count(report.plan.int8_layers, true);
  if (kept > 0 || report.plan.int8_words) {
    lines += fmt::format("To preserve accuracy, {} of {} layers{} use INT8.\n", kept, report.plan.int8_layers.size(),
                         report.plan.int8_words ? " and the token embeddings" : "");
  }
  return lines;
}

}  // namespace

Json QuantizationJson(const QuantizeReport& report, const std::filesystem::path& target) {
  Json json = {{"bundle", target.string()},
               {"texts", report.before.count},
               {"accuracy", {{"float", report.before.accuracy}, {"int8", report.after.accuracy}}},
               {"f1_macro", {{"float", report.before.f1_macro}, {"int8", report.after.f1_macro}}},
               {"agreement", report.agreement},
               {"bf16_layers", Numbers(report.plan.bf16_layers)},
               {"bf16_embeddings", report.plan.bf16_words},
               {"float_bytes", report.float_bytes},
               {"int8_bytes", report.quantized_bytes}};
  if (report.steps.empty()) return json;
  Json steps = Json::array();
  for (const QuantizationStep& step : report.steps) {
    steps.push_back({{"name", step.name},
                     {"bytes", step.bytes},
                     {"accuracy", step.metrics.accuracy},
                     {"f1_macro", step.metrics.f1_macro}});
  }
  json["steps"] = std::move(steps);
  json["int8_layers"] = Numbers(report.plan.int8_layers);
  json["int8_embeddings"] = report.plan.int8_words;
  return json;
}

std::string QuantizationText(const QuantizeReport& report) {
  if (!report.steps.empty()) return StepsText(report);
  const auto kept = std::ranges::count(report.plan.bf16_layers, true);
  std::string lines = fmt::format(
      "INT8 compared with float weights on {} held-out texts:\n"
      "               float     INT8\n"
      "  accuracy    {:6.4f}   {:6.4f}\n"
      "  macro-F1    {:6.4f}   {:6.4f}\n"
      "  weights  {:6.1f} MB {:5.1f} MB\n"
      "{:.2f} % of the texts get the same labels.\n",
      report.before.count, report.before.accuracy, report.after.accuracy, report.before.f1_macro, report.after.f1_macro,
      Megabytes(report.float_bytes), Megabytes(report.quantized_bytes), 100 * report.agreement);
  if (kept > 0 || report.plan.bf16_words) {
    lines += fmt::format("To preserve accuracy, {} of {} layers{} use bf16.\n", kept, report.plan.bf16_layers.size(),
                         report.plan.bf16_words ? " and the token embeddings" : "");
  }
  return lines;
}

}  // namespace winnow
