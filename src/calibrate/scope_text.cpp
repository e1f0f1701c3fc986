#include "calibrate/scope_text.h"

#include <fmt/format.h>

#include "base/json_or_null.h"
#include "evaluate/text_table.h"

namespace winnow {

std::string ScopeFitText(const ScopeFit& fit) {
  const ScopeRule& rule = fit.rule;
  TextTable table;
  table.Add({"out of scope", "AUROC", "detected", ""});
  for (const ScopeMethodMetrics& method : fit.methods) {
    table.Add({std::string(NameOf(method.method)), MetricText(method.auroc), MetricText(method.rejected),
               method.method == rule.method ? "<- chosen" : ""});
  }
  return table.Text() + fmt::format(
                            "  at most {:g} % of the in-scope texts are rejected as {}, with {:g} % confidence "
                            "(threshold chosen on {} texts)\n",
                            100 * rule.max_rejected, rule.label, 100 * rule.confidence, rule.texts);
}

Json ScopeFitJson(const ScopeFit& fit) {
  const ScopeRule& rule = fit.rule;
  Json methods = Json::array();
  for (const ScopeMethodMetrics& method : fit.methods) {
    methods.push_back(
        {{"method", NameOf(method.method)}, {"auroc", OrNull(method.auroc)}, {"rejected", OrNull(method.rejected)}});
  }
  return {{"label", rule.label},
          {"method", NameOf(rule.method)},
          {"threshold", rule.threshold},
          {"max_rejected", rule.max_rejected},
          {"confidence", rule.confidence},
          {"texts", rule.texts},
          {"outside_texts", rule.outside_texts},
          {"auroc", OrNull(rule.auroc)},
          {"methods", methods},
          {"notes", fit.notes}};
}

std::string ScopeMetricsText(const ScopeRule& rule, const ScopeMetrics& metrics) {
  return fmt::format(
      "{} in-scope texts, {} out-of-scope texts, separated by {}\n\n"
      "  AUROC                                       {}\n"
      "  {:<43} {:.4f}\n"
      "  in-scope texts wrongly rejected             {:.4f}\n"
      "  accuracy in scope, without rejection        {:.4f}\n"
      "  accuracy of the texts not rejected          {:.4f}\n"
      "  {:<43} {:.4f}\n",
      metrics.texts, metrics.outside_texts, NameOf(rule.method), MetricText(metrics.auroc),
      "out-of-scope detection rate (recall)", metrics.outside_rejected, metrics.rejected, metrics.accuracy,
      metrics.accuracy_kept, "accuracy, counting out-of-scope as a label", metrics.accuracy_all);
}

Json ScopeMetricsJson(const ScopeRule& rule, const ScopeMetrics& metrics) {
  return {{"count", metrics.texts},
          {"outside_count", metrics.outside_texts},
          {"method", NameOf(rule.method)},
          {"label", rule.label},
          {"auroc", OrNull(metrics.auroc)},
          {"rejected", metrics.rejected},
          {"outside_rejected", metrics.outside_rejected},
          {"accuracy", metrics.accuracy},
          {"accuracy_kept", metrics.accuracy_kept},
          {"accuracy_all", metrics.accuracy_all}};
}

}  // namespace winnow
