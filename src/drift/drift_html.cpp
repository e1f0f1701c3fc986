#include <fmt/format.h>

#include <algorithm>

#include "drift/drift_words.h"
#include "report/report_html_parts.h"
#include "report/report_page.h"
#include "report/report_words.h"
#include "report/shown_text.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

constexpr size_t kBins = 20;
constexpr size_t kMostLabels = 40;

/// Returns a point for each bin of the scores: its middle, shifted, and the share of the texts in it.
std::vector<ChartPoint> HistogramOf(const std::vector<double>& scores, double shift) {
  std::vector<ChartPoint> points(kBins);
  for (size_t bin = 0; bin < kBins; ++bin) points[bin].x = (static_cast<double>(bin) + .5 + shift) / kBins;
  for (const double score : scores) {
    const auto bin = static_cast<size_t>(std::clamp(score, 0.0, 1.0) * kBins);
    points[std::min(bin, kBins - 1)].y += 1.0 / static_cast<double>(scores.size());
  }
  return points;
}

std::string ScoreChart(const DriftReport& report) {
  ChartPanel panel{.x = {.label = report.has_positive_label ? "score" : "highest probability", .low = 0, .high = 1},
                   .y = {.label = "share of texts", .low = 0},
                   .series = {}};
  panel.series.push_back({.name = "reference",
                          .kind = SeriesKind::kBars,
                          .colour = 6,
                          .bar_width = .4 / kBins,
                          .points = HistogramOf(report.reference_scores, -.2)});
  panel.series.push_back({.name = "current",
                          .kind = SeriesKind::kBars,
                          .colour = 2,
                          .bar_width = .4 / kBins,
                          .points = HistogramOf(report.current_scores, .2)});
  const Chart chart{.title = "Scores",
                    .description = "Histogram of the scores of the reference texts and of the current texts",
                    .width = 720,
                    .height = 300,
                    .panels = {std::move(panel)}};
  return "<figure>" + InlineSvg(chart, "scores") + "</figure>\n";
}

std::string Head(const std::vector<std::string>& cells) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) row += "<th scope=\"col\">" + cell + "</th>";
  return row + "</tr>\n";
}

std::string Row(const std::string& head, const std::vector<std::string>& cells) {
  std::string row = "<tr><th scope=\"row\">" + head + "</th>";
  for (const std::string& cell : cells) row += "<td>" + cell + "</td>";
  return row + "</tr>\n";
}

std::string Rates(const DriftReport& report) {
  std::string rows = Head({"", "Reference", "Current", "Labelled verdicts"});
  for (const DriftRate& rate : DriftRates(report)) {
    rows += Row(rate.name, {HtmlText(rate.reference), HtmlText(rate.current),
                            rate.audited.empty() ? "-" : HtmlText(rate.audited)});
  }
  std::string html = HtmlTable("Rates with 95 % intervals", rows);
  if (report.max_false_positive_rate) {
    html +=
        fmt::format("<p class=\"note\">The thresholds that decide guarantee a false-positive rate of at most {}.</p>\n",
                    PercentText(report.max_false_positive_rate));
  }
  return html +
         "<p class=\"note\">The rates of the reference and of the current texts are estimated from calibrated "
         "probabilities, without labels. The estimate is right as long as a text of a given kind still means what it "
         "meant in training; whether that is so is what the labelled verdicts show.</p>\n";
}

std::string Measures(const DriftReport& report) {
  std::string rows = Head({"Compared", "Effect size", "Limit", "Chance", ""});
  for (const DriftMeasure& measure : report.measures) {
    rows += Row(measure.title,
                {fmt::format("{:.3f}", measure.value), measure.limit < 1 ? fmt::format("{:.2f}", measure.limit) : "-",
                 ChanceText(measure), measure.drifted() ? "<strong>drift</strong>" : ""});
  }
  return HtmlTable("Effect sizes", rows) +
         "<p class=\"note\">Predicted labels: share of texts whose label would have to change (total variation); with "
         "several labels per text, largest difference of a label's share. Scores, "
         "lengths and unknown words: largest difference of the distribution functions (Kolmogorov-Smirnov). Wording: "
         "ROC-AUC of a classifier that tells current texts from reference texts; .5 means that it cannot. Effect sizes "
         "do not grow with the number of texts. Chance: what samples of this size exceed in 1 of 100 cases, if nothing has "
         "changed; a smaller effect does not count as drift.</p>\n";
}

std::string Labels(const DriftReport& report) {
  std::vector<DriftLabel> labels = report.labels;
  std::ranges::stable_sort(labels, std::greater<>(), [](const DriftLabel& label) {
    return std::abs(label.current_share - label.reference_share);
  });
  labels.resize(std::min(labels.size(), kMostLabels));
  std::string rows = Head({"Label", "Reference", "Current"});
  for (const DriftLabel& label : labels) {
    rows += Row(HtmlName(label.label), {PercentText(label.reference_share), PercentText(label.current_share)});
  }
  return HtmlTable("Predicted labels, the largest changes first", rows);
}

std::string Words(const std::string& caption, const std::vector<DomainWord>& words) {
  if (words.empty()) return "";
  std::string rows = Head({"Words", "Reference", "Current"});
  for (const DomainWord& word : words) {
    rows += Row(HtmlName(word.words), {PercentText(word.reference_share), PercentText(word.current_share)});
  }
  return "<section>\n<h3>" + caption + "</h3>\n" + HtmlTable(caption, rows) + "</section>\n";
}

}  // namespace

std::string DriftHtml(const DriftReport& report) {
  std::string html = ReportPageBegin("Drift of " + ShownText(report.model));
  html += fmt::format("<h1>Drift of {}</h1>\n<p class=\"lead\">{} {}, {}.</p>\n", HtmlName(report.model),
                      HtmlName(report.model), HtmlText(report.version), HtmlText(report.timestamp));
  html += fmt::format("<p class=\"outcome {}\">{}</p>\n",
                      report.errors_drifted() ? "worse"
                      : report.drifted()      ? "unclear"
                                              : "better",
                      HtmlText(DriftVerdict(report), {.most = 2000}));
  html += fmt::format(
      "<dl class=\"facts\"><dt>Reference</dt><dd>{} texts, {}</dd><dt>Current</dt><dd>{} texts, {}</dd>",
      report.reference_texts, HtmlText(report.reference_source), report.current_texts, HtmlText(report.current_source));
  if (report.redacted > 0) {
    html += fmt::format("<dt>Left out</dt><dd>{} messages, whose texts are redacted</dd>", report.redacted);
  }
  html += "</dl>\n<h2>Errors</h2>\n" + Rates(report) + "<h2>Changes</h2>\n" + Measures(report) + ScoreChart(report);
  html += "<h2>Labels</h2>\n" + Labels(report);
  if (!report.wording_drifted()) return html + ReportPageEnd();
  html += "<h2>Words</h2>\n<div class=\"beside\">\n";
  html += Words("Words that mark the current texts", report.domain.more) +
          Words("Words that mark the reference texts", report.domain.fewer) + "</div>\n";
  return html + ReportPageEnd();
}

}  // namespace winnow
