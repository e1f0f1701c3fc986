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

std::string LabelHtml(const Metrics& metrics, size_t label) { return HtmlName(metrics.labels[label]); }

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

std::string Matrix(const Metrics& metrics) {
  const std::vector<size_t> shown = MatrixLabels(metrics, kMatrixLabels);
  if (shown.empty()) return "";
  std::string html = "<thead><tr><th scope=\"col\">true label \\ predicted label</th>";
  for (const size_t label : shown) html += "<th scope=\"col\"><span>" + LabelHtml(metrics, label) + "</span></th>";
  html += "</tr></thead>\n<tbody>";
  const size_t labels = metrics.labels.size();
  for (const size_t truth : shown) {
    html += "<tr><th scope=\"row\" class=\"label\">" + LabelHtml(metrics, truth) + "</th>";
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
  return HtmlTable("Confusion matrix", html + "</tbody>", shown.size() > kUprightLabels ? "matrix many" : "matrix");
}

std::string ClassRow(const EvaluationReport& report, size_t label) {
  const ClassMetrics& c = report.metrics.per_class[label];
  std::string row = fmt::format("<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td>",
                                LabelHtml(report.metrics, label), c.support);
  row += ShareCell(c.counts.true_positives, c.decided) + ShareCell(c.counts.true_positives, c.support);
  row += "<td>" + (c.support + c.decided > 0 ? PercentText(c.f1) : "-") + "</td>";
  return row + "<td>" + MetricText(c.roc_auc) + "</td><td>" + MetricText(report.average_precision[label]) +
         "</td></tr>\n";
}

std::string Figure(std::string_view title, const std::string& svg, const std::string& below) {
  if (svg.empty()) return "";
  return fmt::format("<figure><h3>{}</h3>\n{}\n{}</figure>\n", title, svg, below);
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
    std::string name = curve.label < 0 ? "all labels" : LabelHtml(report.metrics, static_cast<size_t>(curve.label));
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

}  // namespace

std::string HtmlName(std::string_view name) {
  const std::string text = HtmlText(name, {.most = kNameWidth});
  std::string html = "<bdi>";
  for (size_t i = 0; i < text.size(); ++i) {
    html += text[i];
    // Where a long name may be broken: between its words.
    if (i > 0 && i + 1 < text.size() && std::string_view("_/.").contains(text[i])) html += "<wbr>";
  }
  return html + "</bdi>";
}

std::string HtmlTable(const std::string& caption, const std::string& rows, std::string_view kind) {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table "
      "class=\"{}\">\n{}</table></div>\n",
      caption, kind, rows);
}

std::string HtmlConfusion(const Metrics& metrics) {
  std::string html = "<h2>Confusion</h2>\n";
  if (metrics.multi_label) {
    std::string rows =
        Heads({"label", "true positives", "false positives", "false negatives", "true negatives"}) + "<tbody>";
    for (const size_t label : ClassOrder(metrics)) {
      const auto& [hits, alarms, missed] = metrics.per_class[label].counts;
      rows += fmt::format(
          "<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
          LabelHtml(metrics, label), hits, alarms, missed, metrics.count - hits - alarms - missed);
    }
    return html + HtmlTable("Confusion by label", rows + "</tbody>");
  }
  const std::vector<Confusion> worst = WorstConfusions(metrics, kWorstPairs);
  if (metrics.labels.size() > kMatrixLabels) {
    if (worst.empty()) return html + "<p>No text was assigned a wrong label.</p>\n";
    std::string rows = Heads({"truth", "decided", "texts", "share of the true label"}) + "<tbody>";
    for (const Confusion& c : worst) {
      rows += fmt::format(
          "<tr><th scope=\"row\" class=\"label\">{}</th><td class=\"left label\">{}</td><td>{}</td>{}</tr>\n",
          LabelHtml(metrics, c.truth), LabelHtml(metrics, c.decided), c.texts,
          ShareCell(c.texts, metrics.per_class[c.truth].support));
    }
    html += "<h3>Most often confused</h3>\n" + HtmlTable("Most often confused", rows + "</tbody>", "pairs");
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
  html += HtmlTable("Metrics by label", rows + "</tbody>");
  if (open < order.size()) {
    html += fmt::format("<details><summary>The other {} labels</summary>\n", order.size() - open) +
            HtmlTable("Metrics of the other labels", others + "</tbody>") + "</details>\n";
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
  const std::string name = LabelHtml(report.metrics, static_cast<size_t>(report.metrics.positive_label));
  std::string html =
      "<h2>Decision thresholds</h2>\n<p>A text is assigned " + name +
      " if its score reaches the threshold of the mode: strict flags the most texts, moderate is the default, and "
      "lenient flags the fewest.</p>\n";
  if (!section.modes.empty()) {
    std::string rows = Heads({"mode", "threshold", "false-positive rate", "recall", "precision"}) + "<tbody>";
    for (const ModePoint& mode : section.modes) {
      rows += fmt::format("<tr><th scope=\"row\">{}{}</th><td>{:.3f}</td>{}{}{}</tr>\n", HtmlText(mode.mode),
                          mode.mode == report.origin.mode ? " (evaluated)" : "", mode.at.threshold,
                          ShareCell(mode.at.false_positives, section.negatives),
                          ShareCell(mode.at.found, section.positives),
                          ShareCell(mode.at.found, mode.at.found + mode.at.false_positives));
    }
    html += HtmlTable("Modes", rows + "</tbody>");
  }
  if (charts.rates.empty() && charts.fpr.empty()) return html;
  const std::string modes = section.modes.empty() ? "" : "Vertical lines: the thresholds of the modes.";
  html += "<div class=\"charts\">\n";
  html += Figure("Recall and precision by threshold", charts.rates,
                 "<ul class=\"legend\">" + LegendEntry(1, "recall") + LegendEntry(2, "precision", true) +
                     "</ul><figcaption>" + modes + "</figcaption>");
  html += Figure(
      "False-positive rate by threshold", charts.fpr,
      "<ul class=\"legend\">" + LegendEntry(4, "false-positive rate") + "</ul><figcaption>" + modes + "</figcaption>");
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
                   "<figcaption>Points: accuracy by confidence, with confidence intervals. Bars below: the number of " +
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
  html += HtmlTable("Reliability by confidence", rows + "</tbody>");
  return html + (charts.reliability.empty() ? "" : "</div></div>\n");
}

std::string HtmlSlices(const EvaluationReport& report) {
  if (report.slices.empty()) return "";
  std::string html =
      "<h2>Slices</h2>\n<p>A slice is marked if its confidence interval does not contain the accuracy over all "
      "texts, " +
      PercentText(report.metrics.accuracy) + ". By chance alone, one slice in twenty is marked.</p>\n";
  const bool positive = report.metrics.positive_label >= 0;
  html += "<div class=\"beside\">\n";
  for (const SliceGroup& group : report.slices) {
    std::string rows = positive ? Heads({"by " + group.by, "texts", "accuracy", "false-positive rate", "recall", ""})
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
    html += HtmlTable("Slices by " + group.by, rows + "</tbody>");
  }
  return html + "</div>\n";
}

}  // namespace winnow
