#include "report/report_charts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "evaluate/text_table.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

constexpr int kWidth = 420, kHeight = 310;
constexpr size_t kRecallColour = 1, kPrecisionColour = 2, kFprColour = 4, kCountColour = 6;  // as in the page's legends

/// Returns an axis for shares, from 0 to `high`; more than 1 leaves room for a line along the upper end.
ChartAxis ShareAxis(const char* label, double high = 1) { return {.label = label, .low = 0, .high = high}; }

ChartSeries Diagonal() { return {.colour = 0, .dashed = true, .points = {{.x = 0, .y = 0}, {.x = 1, .y = 1}}}; }

Chart OnePanel(ChartPanel panel) {
  return {.title = {}, .description = {}, .width = kWidth, .height = kHeight, .panels = {std::move(panel)}};
}

/// The curves of the first model and, if there is one, that of the second model.
std::vector<const LabelCurve*> CurvesOf(const EvaluationReport& report) {
  std::vector<const LabelCurve*> curves;
  for (const LabelCurve& curve : report.curves) curves.push_back(&curve);
  if (report.against && report.against->curve) curves.push_back(&*report.against->curve);
  return curves;
}

/// A line for each curve that has points, in the order and the colours of the page's legend, later ones below.
/// `points_of` gives a curve's points.
template <class PointsOf>
std::vector<ChartSeries> CurveLines(const EvaluationReport& report, const PointsOf& points_of) {
  std::vector<ChartSeries> lines;
  size_t colour = 0;
  for (const LabelCurve* curve : CurvesOf(report)) {
    ++colour;
    std::vector<ChartPoint> points = points_of(*curve);
    if (points.empty()) continue;
    const bool second = report.against && colour == 2;
    lines.push_back({.colour = colour, .dashed = second, .points = std::move(points)});
  }
  std::ranges::reverse(lines);
  return lines;
}

std::string RocCurveOf(const EvaluationReport& report) {
  std::vector<ChartSeries> lines = CurveLines(report, [](const LabelCurve& curve) {
    std::vector<ChartPoint> points;
    for (const RocPoint& p : curve.roc) points.push_back({.x = p.fpr, .y = p.recall});
    return points;
  });
  if (lines.empty()) return "";
  lines.insert(lines.begin(), Diagonal());
  Chart chart =
      OnePanel({.x = ShareAxis("false-positive rate"), .y = ShareAxis("recall", 1.01), .series = std::move(lines)});
  chart.title = "ROC curve";
  const std::optional<double> auc = report.curves.empty() ? std::nullopt : report.curves.front().roc_auc;
  chart.description = "Recall against false-positive rate; the first curve's area is " + MetricText(auc) + ".";
  return InlineSvg(chart, "roc");
}

std::string PrecisionRecallCurveOf(const EvaluationReport& report) {
  std::vector<ChartSeries> lines = CurveLines(report, [](const LabelCurve& curve) {
    std::vector<ChartPoint> points;
    for (const PrecisionRecallPoint& p : curve.precision_recall) points.push_back({.x = p.recall, .y = p.precision});
    return points;
  });
  if (lines.empty()) return "";
  Chart chart = OnePanel({.x = ShareAxis("recall"), .y = ShareAxis("precision", 1.01), .series = std::move(lines)});
  chart.title = "Precision-recall curve";
  const std::optional<double> ap = report.curves.empty() ? std::nullopt : report.curves.front().average_precision;
  chart.description = "Precision against recall; the first curve's average precision is " + MetricText(ap) + ".";
  return InlineSvg(chart, "pr");
}

/// Accuracy by confidence, and below it the number of texts.
std::string ReliabilityDiagram(const EvaluationReport& report) {
  constexpr double kBarWidth = 0.055;
  ChartSeries rates{.kind = SeriesKind::kPoints, .points = {}};
  ChartSeries counts{.kind = SeriesKind::kBars, .colour = kCountColour, .bar_width = kBarWidth, .points = {}};
  int64_t most = 0;
  for (const ReliabilityBin& bin : report.reliability) {
    if (bin.count == 0) continue;
    const double rate = static_cast<double>(bin.hits) / static_cast<double>(bin.count);
    rates.points.push_back({.x = bin.confidence, .y = rate, .interval = bin.hit_rate});
    counts.points.push_back({.x = (bin.low + bin.high) / 2, .y = static_cast<double>(bin.count)});
    most = std::max(most, bin.count);
  }
  if (rates.points.empty()) return "";
  ChartAxis confidence = ShareAxis("");
  confidence.numbers = false;
  ChartAxis count{.label = report.metrics.multi_label ? "pairs" : "texts",
                  .low = 0.7,
                  .high = std::max(2.0 * static_cast<double>(most), 20.0),
                  .logarithmic = true};
  for (double decade = 1; decade <= *count.high; decade *= most < 1000 ? 10 : 100) {
    count.ticks.push_back({decade, MetricText(decade, 0)});
  }
  const Chart chart{
      .title = "Reliability diagram",
      .description = "Accuracy by confidence; the expected calibration error is " + MetricText(report.metrics.ece) +
                     ". The table beside the chart lists the numbers.",
      .width = kWidth,
      .height = kHeight,
      .stacked = true,
      .panels = {{.x = confidence, .y = ShareAxis("accuracy", 1.02), .series = {Diagonal(), rates}, .share = 1.4},
                 {.x = ShareAxis("confidence"), .y = count, .series = {counts}}}};
  return InlineSvg(chart, "reliability");
}

/// Returns the ends of the name of a mark in pixels, in a panel of about the usual width.
std::pair<double, double> NameEnds(const ChartMark& mark) {
  constexpr double kPanelWidth = kWidth - 80;
  const double half = kChartLetter * static_cast<double>(mark.label.size()) / 2;
  const double middle = std::clamp(mark.x * kPanelWidth, half, kPanelWidth - half);
  return {middle - half, middle + half};
}

/// Returns a line with a name for each mode. Names that would cover each other are joined.
std::vector<ChartMark> ModeMarks(const ThresholdSection& section) {
  std::vector<ChartMark> marks;
  for (const ModePoint& mode : section.modes) {
    ChartMark mark{.x = mode.at.threshold, .label = mode.mode};
    for (size_t i = marks.size(); i-- > 0;) {
      if (marks[i].label.empty()) continue;
      if (NameEnds(mark).first > NameEnds(marks[i]).second + kChartLetter) break;
      mark.label = std::exchange(marks[i].label, "") + ", " + mark.label;
    }
    marks.push_back(std::move(mark));
  }
  return marks;
}

std::string RatesByThreshold(const EvaluationReport& report) {
  if (!report.thresholds || report.thresholds->positives == 0) return "";
  const ThresholdSection& section = *report.thresholds;
  ChartSeries recall{.colour = kRecallColour, .points = {}};
  ChartSeries precision{.colour = kPrecisionColour, .dashed = true, .points = {}};
  for (const ThresholdPoint& p : section.points) {
    const auto found = static_cast<double>(p.found);
    recall.points.push_back({.x = p.threshold, .y = found / static_cast<double>(section.positives)});
    const int64_t decided = p.found + p.false_positives;
    if (decided > 0) precision.points.push_back({.x = p.threshold, .y = found / static_cast<double>(decided)});
  }
  Chart chart = OnePanel({.x = ShareAxis("threshold"),
                          .y = ShareAxis("share", 1.01),
                          .series = {std::move(precision), std::move(recall)},
                          .marks = ModeMarks(section)});
  chart.title = "Recall and precision by threshold";
  chart.description = "The table of the modes lists the numbers.";
  return InlineSvg(chart, "rates");
}

std::string FprByThreshold(const EvaluationReport& report) {
  if (!report.thresholds || report.thresholds->negatives == 0) return "";
  const ThresholdSection& section = *report.thresholds;
  const auto percent = [&](const ThresholdPoint& p) {
    return 100 * static_cast<double>(p.false_positives) / static_cast<double>(section.negatives);
  };
  // At threshold 0 every text is called positive: what matters lies within a few of the modes' rates.
  double most = percent(section.points[10]);
  for (const ModePoint& mode : section.modes) most = std::max(most, percent(mode.at));
  ChartSeries line{.colour = kFprColour, .points = {}};
  for (const ThresholdPoint& p : section.points) line.points.push_back({.x = p.threshold, .y = percent(p)});
  Chart chart = OnePanel({.x = ShareAxis("threshold"),
                          .y = ShareAxis("false positives, % of negatives", std::clamp(1.3 * most, 1.0, 100.0)),
                          .series = {std::move(line)},
                          .marks = ModeMarks(section)});
  chart.title = "False-positive rate by threshold";
  chart.description = "The table of the modes lists the numbers.";
  return InlineSvg(chart, "fpr");
}

}  // namespace

ReportCharts DrawReportCharts(const EvaluationReport& report) {
  return {.roc = RocCurveOf(report),
          .precision_recall = PrecisionRecallCurveOf(report),
          .reliability = ReliabilityDiagram(report),
          .rates = RatesByThreshold(report),
          .fpr = FprByThreshold(report)};
}

}  // namespace winnow
