#include "report/report_html.h"

#include <fmt/format.h>

#include "report/report_charts.h"
#include "report/report_html_parts.h"
#include "report/report_page.h"
#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

std::string Tiles(const EvaluationReport& report) {
  std::string html = "<ul class=\"tiles\">\n";
  for (const Headline& headline : Headlines(report)) {
    html += fmt::format("<li><div class=\"name\">{}</div><div class=\"figure\">{}</div>", HtmlText(headline.name),
                        HtmlText(headline.value));
    if (!headline.interval.empty()) {
      html += fmt::format("<div class=\"range\">95 %: {}</div>", HtmlText(headline.interval));
    }
    html += fmt::format("<p class=\"said\">{}</p></li>\n", HtmlText(headline.sentence));
  }
  return html + "</ul>\n";
}

std::string Verdict(const EvaluationReport& report) {
  const BaselineVerdict verdict = VerdictAgainstMajority(report.metrics, report.majority);
  const char* const kind = verdict.outcome == BaselineVerdict::kBetter      ? "better"
                           : verdict.outcome == BaselineVerdict::kNotBetter ? "worse"
                                                                            : "unclear";
  return fmt::format("<p class=\"outcome {}\">{} {}</p>\n", kind, HtmlText(ExpectationText(report.metrics)),
                     HtmlText(verdict.sentence));
}

std::string WarningBox(const EvaluationReport& report) {
  const std::vector<std::string> warnings = Warnings(report);
  if (warnings.empty()) return "";
  std::string html = "<div class=\"warnings\" role=\"note\"><strong>Notes</strong><ul>\n";
  for (const std::string& warning : warnings) html += "<li>" + HtmlText(warning) + "</li>\n";
  return html + "</ul></div>\n";
}

void AddFact(std::string_view name, const std::string& html, std::string& facts) {
  if (!html.empty()) facts += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html);
}

std::string ModelFacts(const ReportedModel& model) {
  std::string text = HtmlName(model.name);
  if (!model.version.empty()) text += " " + HtmlName(model.version);
  text += " (" + HtmlName(model.bundle) + ")";
  if (!model.kind.empty()) text += ", " + HtmlText(model.kind);
  if (!model.base_model.empty()) text += " from " + HtmlName(model.base_model);
  if (!model.weights.empty()) text += ", weights " + HtmlText(model.weights);
  const bool has_tokens = model.kind != "lr" && model.kind != "svm";  // as linear models have none
  if (model.max_length > 0 && has_tokens) text += fmt::format(", up to {} tokens", model.max_length);
  return text;
}

std::string Facts(const EvaluationReport& report) {
  const ReportOrigin& origin = report.origin;
  std::string facts = "<dl class=\"facts\">\n";
  AddFact("Model", ModelFacts(report.model), facts);
  if (report.against) AddFact("Compared with", ModelFacts(report.against->model), facts);
  for (const ReportedFile& file : origin.data) {
    AddFact("Data",
            HtmlName(file.path) + (file.sha256.empty() ? "" : " <code>sha256 " + HtmlText(file.sha256) + "</code>"),
            facts);
  }
  AddFact("Filter", origin.filter.empty() ? "" : HtmlName(origin.filter), facts);
  AddFact("Texts",
          fmt::format("{}, {} labels{}", report.metrics.count, report.metrics.labels.size(),
                      report.metrics.multi_label ? ", any number of labels per text" : ""),
          facts);
  if (report.metrics.positive_label >= 0) {
    AddFact("Positive label", HtmlName(report.metrics.labels[static_cast<size_t>(report.metrics.positive_label)]),
            facts);
  }
  AddFact("Folds", origin.folds > 0 ? std::to_string(origin.folds) : "", facts);
  if (report.model.thresholds) {
    const ModeThresholds& t = *report.model.thresholds;
    AddFact("Mode",
            HtmlText(origin.mode) + fmt::format(" (thresholds: strict {:.3g}, moderate {:.3g}, lenient {:.3g})",
                                                t.strict, t.moderate, t.lenient),
            facts);
  }
  AddFact("Created", HtmlText(origin.timestamp) + " by Winnow " + HtmlText(origin.winnow_version), facts);
  AddFact("Machine", HtmlText(origin.cpu) + (origin.extensions.empty() ? "" : ", " + HtmlText(origin.extensions)),
          facts);
  return facts + "</dl>\n";
}

}  // namespace

std::string ReportHtml(const EvaluationReport& report) {
  const ReportCharts charts = DrawReportCharts(report);
  std::string html = ReportPageBegin("Evaluation: " + Subject(report));
  html += "<h1>Evaluation of " + HtmlName(report.model.name) + "</h1>\n<p class=\"lead\">" + HtmlText(Subject(report)) +
          ".";
  if (const std::string provenance = Provenance(report); !provenance.empty()) {
    html += "<br>" + HtmlText(provenance, {.most = 1000});
  }
  html += "</p>\n" + Verdict(report) + Tiles(report) + WarningBox(report);
  if (report.against) html += HtmlComparison(report);
  html += "<div class=\"beside\">\n<section>\n" + HtmlConfusion(report.metrics) + "</section>\n<section>\n" +
          HtmlClasses(report) + "</section>\n</div>\n";
  html += HtmlCurves(report, charts) + HtmlThresholds(report, charts) + HtmlReliability(report, charts);
  html += HtmlSlices(report) + HtmlErrors(report);
  html += "<h2>Model, data and settings</h2>\n" + Facts(report);
  html += "<h3>Command to reproduce this report</h3>\n<pre><code>" + HtmlText(report.origin.command, {.most = 4000}) +
          "</code></pre>\n";
  html +=
      "<p class=\"note\">All confidence intervals are 95 % intervals: Wilson score intervals (1927) for proportions, "
      "bootstrap intervals over the texts for macro-F1 and for differences. report.json contains all metrics and the "
      "points of the curves.</p>\n";
  return html + ReportPageEnd();
}

}  // namespace winnow
