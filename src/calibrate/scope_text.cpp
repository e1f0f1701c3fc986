#include "calibrate/scope_text.h"

#include <fmt/format.h>

#include "evaluate/text_table.h"

namespace winnow {
namespace {

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

std::string ScopeFitText(const ScopeFit& fit) {
  const ScopeRule& rule = fit.rule;
  TextTable table;
  table.Add({"out of scope", "AUROC", "noticed", ""});
  for (const ScopeMethodFigures& figures : fit.methods) {
    table.Add({std::string(NameOf(figures.method)), FigureText(figures.auroc), FigureText(figures.rejected),
               figures.method == rule.method ? "<- chosen" : ""});
  }
  return table.Text() + fmt::format(
                            "  of the texts in scope at most {:g} are called {}, with {:g} % confidence "
                            "({} texts chose the threshold)\n",
                            rule.max_rejected, rule.label, 100 * rule.confidence, rule.texts);
}

Json ScopeFitJson(const ScopeFit& fit) {
  const ScopeRule& rule = fit.rule;
  Json methods = Json::array();
  for (const ScopeMethodFigures& figures : fit.methods) {
    methods.push_back(
        {{"method", NameOf(figures.method)}, {"auroc", OrNull(figures.auroc)}, {"rejected", OrNull(figures.rejected)}});
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
      "{} texts in scope, {} out of scope, told apart by {}\n\n"
      "  AUROC                                {}\n"
      "  out of scope, and called {:<12} {:.4f}\n"
      "  in scope, and called so all the same {:.4f}\n"
      "  accuracy in scope, before            {:.4f}\n"
      "  accuracy of those that are kept      {:.4f}\n"
      "  accuracy of all, {:<12} a label {:.4f}\n",
      metrics.texts, metrics.outside_texts, NameOf(rule.method), FigureText(metrics.auroc), "so",
      metrics.outside_rejected, metrics.rejected, metrics.accuracy, metrics.accuracy_kept, "it being",
      metrics.accuracy_all);
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
