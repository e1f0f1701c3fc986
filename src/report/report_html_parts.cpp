#include "report/report_html_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/text_table.h"
#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

constexpr size_t kNameWidth = 80;
constexpr size_t kMatrixLabels = 12;
constexpr size_t kUprightLabels = 6;  // whose names stand side by side over a matrix
constexpr size_t kWorstPairs = 15;
constexpr size_t kOpenClasses = 40;  // of more labels the worst few, and the others behind a click
constexpr size_t kWorstClasses = 15;

std::string Name(const Metrics& metrics, size_t label) { return HtmlName(metrics.labels[label]); }

/// The name of a metric as the page shows it.
std::string MetricName(const std::string& name) {
  if (name == "f1_macro") return "macro-F1";
  return name == "fpr" ? "false positive rate" : name;
}

/// A cell of a share with its interval below.
std::string ShareCell(std::optional<double> share, const std::optional<Interval>& interval) {
  std::string cell = "<td>" + PercentText(share);
  if (interval) cell += "<span class=\"range\">" + PercentRange(interval) + "</span>";
  return cell + "</td>";
}

std::string ShareCell(int64_t part, int64_t whole) {
  if (whole == 0) return "<td>-</td>";
  return ShareCell(static_cast<double>(part) / static_cast<double>(whole), WilsonInterval(part, whole));
}

std::string Heads(const std::vector<std::string>& names) {
  std::string html = "<thead><tr>";
  for (const std::string& name : names) html += fmt::format("<th scope=\"col\">{}</th>", name);
  return html + "</tr></thead>\n";
}

std::string Table(const std::string& caption, const std::string& rows, std::string_view kind = "") {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"{}\">\n{}</table></div>\n",
      caption, kind, rows);
}

std::string Matrix(const Metrics& metrics) {
  const std::vector<size_t> shown = MatrixLabels(metrics, kMatrixLabels);
  if (shown.empty()) return "";
  std::string html = "<thead><tr><th scope=\"col\">truth \\ decided</th>";
  for (const size_t label : shown) html += "<th scope=\"col\"><span>" + Name(metrics, label) + "</span></th>";
  html += "</tr></thead>\n<tbody>";
  const size_t labels = metrics.labels.size();
  for (const size_t truth : shown) {
    html += "<tr><th scope=\"row\" class=\"label\">" + Name(metrics, truth) + "</th>";
    const int64_t support = metrics.per_class[truth].support;
    for (const size_t decided : shown) {
      const int64_t texts = metrics.confusion[truth * labels + decided];
      const double share = support == 0 ? 0 : static_cast<double>(texts) / static_cast<double>(support);
      // By the root, so that rare mistakes are seen.
      const double shade = truth == decided ? share : std::sqrt(share);
      html += fmt::format("<td class=\"{}\" style=\"--s:{:.3f}\">{}",
                          texts == 0         ? "zero"
                          : truth == decided ? "right"
                                             : "wrong",
                          shade, texts);
      html += texts > 0 ? "<small>" + PercentText(share) + "</small></td>" : "</td>";
    }
    html += "</tr>\n";
  }
  return Table("Confusion matrix", html + "</tbody>", shown.size() > kUprightLabels ? "matrix many" : "matrix");
}

std::string ClassRow(const EvaluationReport& report, size_t label) {
  const ClassMetrics& c = report.metrics.per_class[label];
  std::string row =
      fmt::format("<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td>", Name(report.metrics, label), c.support);
  row += ShareCell(c.counts.true_positives, c.decided) + ShareCell(c.counts.true_positives, c.support);
  row += "<td>" + (c.support + c.decided > 0 ? PercentText(c.f1) : "-") + "</td>";
  return row + "<td>" + MetricText(c.roc_auc) + "</td><td>" + MetricText(report.average_precision[label]) +
         "</td></tr>\n";
}

std::string Figure(std::string_view title, const std::string& svg, const std::string& below) {
  if (svg.empty()) return "";
  return fmt::format("<metric><h3>{}</h3>\n{}\n{}</metric>\n", title, svg, below);
}

std::string LegendEntry(size_t colour, const std::string& html, bool dashed = false) {
  return fmt::format("<li><i{} style=\"border-color:var(--c{})\"></i>{}</li>", dashed ? " class=\"dashed\"" : "",
                     colour, html);
}

/// One entry per curve; `value` is shown after its name.
template <class Get>
std::string CurveLegend(const EvaluationReport& report, const char* what, const Get& value) {
  std::string html = "<ul class=\"legend\">";
  size_t colour = 1;
  const bool compared = report.against && report.against->curve;
  for (const LabelCurve& curve : report.curves) {
    std::string name = curve.label < 0 ? "all labels" : Name(report.metrics, static_cast<size_t>(curve.label));
    if (compared) name = HtmlName(report.model.name);
    html += LegendEntry(colour++, fmt::format("{}: {} {}", name, what, MetricText(value(curve))));
  }
  if (compared) {
    html += LegendEntry(
        2,
        fmt::format("{}: {} {}", HtmlName(report.against->model.name), what, MetricText(value(*report.against->curve))),
        true);
  }
  return html + "</ul>";
}

std::string Verdict(const std::string& decided, double confidence, const std::string& truth) {
  return fmt::format("{} confidence in <b class=\"wrong\">{}</b>, truth <b class=\"right\">{}</b>",
                     PercentText(confidence), HtmlName(decided), HtmlName(truth));
}

std::string Where(const ReportedText& text) {
  return fmt::format("<span class=\"where\">{}, row {}</span>", HtmlName(text.file), text.row);
}

std::string Message(const EvaluationReport& report, const ReportedText& text) {
  if (!report.with_texts) return "";
  return "<p class=\"message\" dir=\"auto\">" + HtmlMessage(text.text) + "</p>";
}

}  // namespace

std::string HtmlName(std::string_view name) { return "<bdi>" + HtmlText(name, {.most = kNameWidth}) + "</bdi>"; }

std::string HtmlConfusion(const Metrics& metrics) {
  std::string html = "<h2>Confusion</h2>\n";
  if (metrics.multi_label) {
    std::string rows =
        Heads({"label", "true positives", "false positives", "false negatives", "true negatives"}) + "<tbody>";
    for (const size_t label : ClassOrder(metrics)) {
      const auto& [hits, alarms, missed] = metrics.per_class[label].counts;
      rows += fmt::format(
          "<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
          Name(metrics, label), hits, alarms, missed, metrics.count - hits - alarms - missed);
    }
    return html + Table("Confusion by label", rows + "</tbody>");
  }
  const std::vector<Confusion> worst = WorstConfusions(metrics, kWorstPairs);
  if (metrics.labels.size() > kMatrixLabels) {
    if (worst.empty()) return html + "<p>No text was assigned a wrong label.</p>\n";
    std::string rows = Heads({"truth", "decided", "texts", "share of the true label"}) + "<tbody>";
    for (const Confusion& c : worst) {
      rows += fmt::format(
          "<tr><th scope=\"row\" class=\"label\">{}</th><td class=\"left label\">{}</td><td>{}</td>{}</tr>\n",
          Name(metrics, c.truth), Name(metrics, c.decided), c.texts,
          ShareCell(c.texts, metrics.per_class[c.truth].support));
    }
    html += "<h3>Most often confused</h3>\n" + Table("Most often confused", rows + "</tbody>", "pairs");
    html += "<h3>Confusion matrix of these labels</h3>\n";
  }
  html += Matrix(metrics);
  return html +
         "<p class=\"note\">Each row is a true label, each column a predicted label. Percentages and shades refer to "
         "the texts of the row; the shade of errors grows with the square root of the percentage.</p>\n";
}

std::string HtmlClasses(const EvaluationReport& report) {
  const std::vector<size_t> order = ClassOrder(report.metrics);
  const std::string heads =
      Heads({"label", "texts", "precision", "recall", "F1", "ROC-AUC", "average precision"}) + "<tbody>";
  const size_t open = order.size() > kOpenClasses ? kWorstClasses : order.size();
  std::string rows = heads, others = heads;
  for (size_t i = 0; i < order.size(); ++i) (i < open ? rows : others) += ClassRow(report, order[i]);
  std::string html = "<h2>Labels</h2>\n";
  if (open < order.size()) html += fmt::format("<p>The {} labels with the lowest F1 come first.</p>\n", open);
  html += Table("Metrics by label", rows + "</tbody>");
  if (open < order.size()) {
    html += fmt::format("<details><summary>The other {} labels</summary>\n", order.size() - open) +
            Table("Metrics of the other labels", others + "</tbody>") + "</details>\n";
  }
  return html;
}

std::string HtmlCurves(const EvaluationReport& report, const ReportCharts& charts) {
  if (report.curves.empty()) return "";
  std::string html = "<h2>ROC and precision-recall curves</h2>\n<p>" + HtmlText(report.curves_note) + "</p>\n";
  if (charts.roc.empty() && charts.precision_recall.empty()) {
    html += CurveLegend(report, "ROC-AUC", [](const LabelCurve& c) { return c.roc_auc; });
    return html + CurveLegend(report, "average precision", [](const LabelCurve& c) { return c.average_precision; });
  }
  html += "<div class=\"charts\">\n";
  html += Figure("ROC curve", charts.roc, CurveLegend(report, "AUC", [](const LabelCurve& c) { return c.roc_auc; }));
  html += Figure("Precision and recall", charts.precision_recall,
                 CurveLegend(report, "AP", [](const LabelCurve& c) { return c.average_precision; }));
  return html + "</div>\n";
}

std::string HtmlThresholds(const EvaluationReport& report, const ReportCharts& charts) {
  if (!report.thresholds) return "";
  const ThresholdSection& section = *report.thresholds;
  const std::string name = Name(report.metrics, static_cast<size_t>(report.metrics.positive_label));
  std::string html =
      "<h2>Decision thresholds</h2>\n<p>A text is assigned " + name + " if its score reaches the threshold.</p>\n";
  if (!section.modes.empty()) {
    std::string rows = Heads({"mode", "threshold", "false positive rate", "recall", "precision"}) + "<tbody>";
    for (const ModePoint& mode : section.modes) {
      rows += fmt::format("<tr><th scope=\"row\">{}{}</th><td>{:.3f}</td>{}{}{}</tr>\n", HtmlText(mode.mode),
                          mode.mode == report.origin.mode ? " (evaluated)" : "", mode.at.threshold,
                          ShareCell(mode.at.false_positives, section.negatives),
                          ShareCell(mode.at.found, section.positives),
                          ShareCell(mode.at.found, mode.at.found + mode.at.false_positives));
    }
    html += Table("Modes", rows + "</tbody>");
  }
  if (charts.rates.empty() && charts.fpr.empty()) return html;
  const std::string modes =
      section.modes.empty()
          ? ""
          : "Vertical lines, from left to right: the thresholds of the modes strict, moderate and lenient.";
  html += "<div class=\"charts\">\n";
  html += Figure("Recall and precision by threshold", charts.rates,
                 "<ul class=\"legend\">" + LegendEntry(1, "recall") + LegendEntry(2, "precision", true) +
                     "</ul><figcaption>" + modes + "</figcaption>");
  html += Figure(
      "False positive rate by threshold", charts.fpr,
      "<ul class=\"legend\">" + LegendEntry(4, "false positive rate") + "</ul><figcaption>" + modes + "</figcaption>");
  return html + "</div>\n";
}

std::string HtmlReliability(const EvaluationReport& report, const ReportCharts& charts) {
  std::string html =
      "<h2>Calibration</h2>\n<p>Of the predictions with a confidence of 90 %, 90 % should be right. The expected "
      "calibration error (ECE), the mean difference between confidence and accuracy, is " +
      PercentText(report.metrics.ece) + ".</p>\n";
  if (!charts.reliability.empty()) {
    html += "<div class=\"charts\">\n" +
            Figure("Reliability", charts.reliability,
                   "<figcaption>Points: accuracy by confidence, with confidence intervals. Bars below: the number "
                   "of " +
                       std::string(report.metrics.multi_label ? "pairs of text and label" : "texts") +
                       ", on a logarithmic scale. The diagonal is perfect calibration.</figcaption>") +
            "<div>";
  }
  std::string rows =
      Heads({"confidence", report.metrics.multi_label ? "decisions" : "texts", "mean confidence", "accuracy"}) +
      "<tbody>";
  for (const ReliabilityBin& bin : report.reliability) {
    if (bin.count == 0) continue;
    rows += fmt::format("<tr><th scope=\"row\">{:.0f} to {:.0f} %</th><td>{}</td><td>{}</td>{}</tr>\n", 100 * bin.low,
                        100 * bin.high, bin.count, PercentText(bin.confidence), ShareCell(bin.hits, bin.count));
  }
  html += Table("Reliability by confidence", rows + "</tbody>");
  return html + (charts.reliability.empty() ? "" : "</div></div>\n");
}

std::string HtmlSlices(const EvaluationReport& report) {
  if (report.slices.empty()) return "";
  std::string html =
      "<h2>Slices</h2>\n<p>A slice is marked if its confidence interval does not contain the accuracy over all "
      "texts, " +
      PercentText(report.metrics.accuracy) + ". By chance alone, one slice in twenty is marked.</p>\n";
  const bool positive = report.metrics.positive_label >= 0;
  for (const SliceGroup& group : report.slices) {
    std::string rows = positive ? Heads({"by " + group.by, "texts", "accuracy", "false positive rate", "recall", ""})
                                : Heads({"by " + group.by, "texts", "accuracy", ""});
    rows += "<tbody>";
    for (const Slice& slice : group.slices) {
      rows += fmt::format("<tr{}><th scope=\"row\" class=\"label\">{}</th><td>{}</td>{}",
                          slice.stands_out ? " class=\"stands-out\"" : "", HtmlName(slice.name), slice.count,
                          ShareCell(slice.right, slice.count));
      if (positive) rows += ShareCell(slice.false_positives, slice.negatives) + ShareCell(slice.found, slice.positives);
      const bool better = slice.accuracy.low > report.metrics.accuracy;
      rows += fmt::format("<td class=\"left\">{}</td></tr>\n", !slice.stands_out ? ""
                                                               : better          ? "▲ better"
                                                                                 : "▼ worse");
    }
    html += Table("Slices by " + group.by, rows + "</tbody>");
  }
  return html;
}

std::string HtmlErrors(const EvaluationReport& report) {
  std::string html = "<h2>Most confident errors</h2>\n";
  if (report.error_count == 0) return html + "<p>There are no errors: every text was assigned its true label.</p>\n";
  html += report.errors.size() < static_cast<size_t>(report.error_count)
              ? fmt::format("<p>{} of {} errors, most confident first.", report.errors.size(), report.error_count)
          : report.error_count == 1 ? std::string("<p>The only error.")
                                    : fmt::format("<p>All {} errors, most confident first.", report.error_count);
  html += " Such errors are often caused by a wrong label in the data.</p>\n<ol class=\"texts\">\n";
  for (const ReportedText& text : report.errors) {
    html += "<li><div class=\"verdict\">" +
            Verdict(LabelNames(text.decided, report.metrics.labels), text.confidence,
                    LabelNames(text.truth, report.metrics.labels)) +
            "</div>" + Where(text) + Message(report, text) + "</li>\n";
  }
  return html + "</ol>\n";
}

std::string HtmlComparison(const EvaluationReport& report) {
  const ComparedSection& against = *report.against;
  const std::string first = HtmlName(report.model.name), second = HtmlName(against.model.name);
  std::string html = "<h2>" + first + " compared with " + second + "</h2>\n<p>" +
                     HtmlText(VerdictOf(against.paired, report.model.name, against.model.name)) + "</p>\n";
  std::string rows = "<thead><tr><th scope=\"col\">metric</th><th scope=\"col\" class=\"label\">" + first +
                     "</th><th scope=\"col\" class=\"label\">" + second +
                     "</th><th scope=\"col\">difference</th><th scope=\"col\">95 % interval</th></tr></thead>\n<tbody>";
  for (const PairedMetric& metric : against.paired.metrics) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:+.2f}</td><td>{}</td></tr>\n",
                        MetricName(metric.name), PercentText(metric.first), PercentText(metric.second),
                        100 * (metric.second - metric.first),
                        metric.difference ? fmt::format("{:+.2f} to {:+.2f}", 100 * metric.difference->low,
                                                        100 * metric.difference->high)
                                          : "");
  }
  html += Table("Metrics of both models", rows + "</tbody>");
  html += "<p class=\"note\">Differences are in percentage points: the second model minus the first.</p>\n";
  const McNemar& test = against.paired.test;
  html +=
      Table("Right and wrong predictions of both models",
            "<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"label\">" + second +
                " right</th><th scope=\"col\" class=\"label\">" + second + " wrong</th></tr></thead>\n<tbody>" +
                fmt::format("<tr><th scope=\"row\" class=\"label\">{} right</th><td>{}</td><td>{}</td></tr>\n"
                            "<tr><th scope=\"row\" class=\"label\">{} wrong</th><td>{}</td><td>{}</td></tr></tbody>",
                            first, against.paired.both_right, test.only_first, first, test.only_second,
                            against.paired.both_wrong));
  html += fmt::format(
      "<p class=\"note\">Exact McNemar test (1947): p = {:.3g}. Chi-squared approximation with Edwards&#39; "
      "continuity correction (1948): {:.3f}.</p>\n",
      test.p_value, test.chi_squared);
  if (against.texts.empty()) return html;
  html += fmt::format(
      "<details><summary>{} of {} texts that only one model classified correctly</summary>\n<ol class=\"texts\">\n",
      against.texts.size(), against.paired.differing.size());
  for (const ReportedText& text : against.texts) {
    std::string by_second;
    for (const std::string& label : text.second_decided) by_second += (by_second.empty() ? "" : ", ") + label;
    html += fmt::format(
        "<li><div class=\"verdict\">truth <b class=\"right\">{}</b>; {}: {} ({}), {}: {} ({})</div>{}{}</li>\n",
        HtmlName(LabelNames(text.truth, report.metrics.labels)), first,
        HtmlName(LabelNames(text.decided, report.metrics.labels)), PercentText(text.confidence), second,
        HtmlName(by_second.empty() ? "none" : by_second), PercentText(text.second_confidence), Where(text),
        Message(report, text));
  }
  return html + "</ol></details>\n";
}

}  // namespace winnow
