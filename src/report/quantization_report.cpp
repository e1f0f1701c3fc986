#include "report/quantization_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace winnow {

Json QuantizationJson(const QuantizeReport& report, const std::filesystem::path& target) {
  Json bf16 = Json::array();
  for (size_t l = 0; l < report.plan.bf16_layers.size(); ++l) {
    if (report.plan.bf16_layers[l]) bf16.push_back(l);
  }
  return {{"bundle", target.string()},
          {"texts", report.before.count},
          {"accuracy", {{"float", report.before.accuracy}, {"int8", report.after.accuracy}}},
          {"f1_macro", {{"float", report.before.f1_macro}, {"int8", report.after.f1_macro}}},
          {"agreement", report.agreement},
          {"bf16_layers", bf16},
          {"bf16_embeddings", report.plan.bf16_words},
          {"float_bytes", report.float_bytes},
          {"int8_bytes", report.quantized_bytes}};
}

std::string QuantizationText(const QuantizeReport& report) {
  const auto megabytes = [](int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  const auto kept = std::ranges::count(report.plan.bf16_layers, true);
  std::string lines = fmt::format(
      "INT8 compared with float weights on {} held-out texts:\n"
      "               float     INT8\n"
      "  accuracy    {:6.4f}   {:6.4f}\n"
      "  macro-F1    {:6.4f}   {:6.4f}\n"
      "  weights  {:6.1f} MB {:5.1f} MB\n"
      "{:.2f} % of the texts get the same labels.\n",
      report.before.count, report.before.accuracy, report.after.accuracy, report.before.f1_macro, report.after.f1_macro,
      megabytes(report.float_bytes), megabytes(report.quantized_bytes), 100 * report.agreement);
  if (kept > 0 || report.plan.bf16_words) {
    lines += fmt::format("To preserve accuracy, {} of {} layers{} use bf16.\n", kept, report.plan.bf16_layers.size(),
                         report.plan.bf16_words ? " and the token embeddings" : "");
  }
  return lines;
}

}  // namespace winnow
