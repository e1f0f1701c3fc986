#include "cli/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/files.h"
#include "cli/gnuplot.h"
#include "cli/inline_svg.h"
#include "cli/workplace.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 420, kHeight = 310;

std::string Heading(const fs::path& out) {
  std::string script = fmt::format(
      "set encoding utf8\nset terminal svg size {},{} dynamic font 'sans,13'\nset output {}\nunset key\n"
      "set border 3 lc rgb '{}' lw 1\nset grid lc rgb '{}' lt 1 lw 1\nset tics nomirror out scale 0.4 tc rgb '{}'\n"
      "set xlabel tc rgb '{}'\nset ylabel tc rgb '{}'\nset lmargin 8\nset rmargin 2\nset tmargin 1\nset bmargin 3.6\n",
      kWidth, kHeight, GnuplotQuoted(out.string()), kMutedColour, kLineColour, kInkColour, kInkColour, kInkColour);
  return script;
}

std::string SeriesColour(size_t number) { return fmt::format("#0100{:02x}", number); }

/// Named data; gnuplot refuses a block without points, so that callers leave such out.
template <class Points, class Line>
std::string Block(const std::string& name, const Points& points, const Line& line) {
  std::string block = "$" + name + " << EOD\n";
  for (const auto& point : points) block += line(point);
  return block + "EOD\n";
}

/// Lines in the colours 1, 2 ... of the legend, the later ones below the earlier.
std::string PlotLines(const std::vector<std::string>& blocks, bool second_dashed) {
  std::string plot;
  for (size_t i = blocks.size(); i-- > 0;) {
    plot += fmt::format("{}${} using 1:2 with lines lw {} dt {} lc rgb '{}'", plot.empty() ? "" : ", ", blocks[i],
                        i == 0 ? 2.5 : 1.8, second_dashed && i == 1 ? "2" : "1", SeriesColour(i + 1));
  }
  return plot;
}

/// The curves and, where there is one, the second model's.
std::vector<const LabelCurve*> CurvesOf(const EvaluationReport& report) {
  std::vector<const LabelCurve*> curves;
  for (const LabelCurve& curve : report.curves) curves.push_back(&curve);
  if (report.against && report.against->curve) curves.push_back(&*report.against->curve);
  return curves;
}

std::string RocScript(const EvaluationReport& report) {
  std::string script = "set xlabel 'false positive rate'\nset ylabel 'recall'\nset xrange [0:1]\nset yrange [0:1.01]\n";
  script += "set format '%g'\n";
  std::vector<std::string> blocks;
  for (const LabelCurve* curve : CurvesOf(report)) {
    if (curve->roc.empty()) continue;
    blocks.push_back(fmt::format("roc{}", blocks.size()));
    script +=
        Block(blocks.back(), curve->roc, [](const RocPoint& p) { return fmt::format("{} {}\n", p.fpr, p.recall); });
  }
  if (blocks.empty()) return "";
  return script + fmt::format("plot x with lines dt 3 lw 1 lc rgb '{}', ", kMutedColour) +
         PlotLines(blocks, report.against.has_value()) + "\n";
}

std::string PrecisionRecallScript(const EvaluationReport& report) {
  std::string script = "set xlabel 'recall'\nset ylabel 'precision'\nset xrange [0:1]\nset yrange [0:1.01]\n";
  std::vector<std::string> blocks;
  for (const LabelCurve* curve : CurvesOf(report)) {
    if (curve->precision_recall.empty()) continue;
    blocks.push_back(fmt::format("pr{}", blocks.size()));
    script += Block(blocks.back(), curve->precision_recall,
                    [](const PrecisionRecallPoint& p) { return fmt::format("{} {}\n", p.recall, p.precision); });
  }
  if (blocks.empty()) return "";
  return script + "plot " + PlotLines(blocks, report.against.has_value()) + "\n";
}

std::string ReliabilityScript(const EvaluationReport& report) {
  std::vector<ReliabilityBin> bins = report.reliability;
  std::erase_if(bins, [](const ReliabilityBin& bin) { return bin.count == 0; });
  if (bins.empty()) return "";
  const int64_t most = std::ranges::max_element(bins, {}, &ReliabilityBin::count)->count;
  std::string script = Block("bins", bins, [](const ReliabilityBin& bin) {
    const double rate = static_cast<double>(bin.hits) / static_cast<double>(bin.count);
    return fmt::format("{} {} {} {} {} {}\n", bin.confidence, rate, bin.hit_rate->low, bin.hit_rate->high,
                       (bin.low + bin.high) / 2, bin.count);
  });
  script += fmt::format(
      "set multiplot\nset xrange [0:1]\nset lmargin at screen 0.18\nset rmargin at screen 0.97\n"
      "set tmargin at screen 0.97\nset bmargin at screen 0.45\nset format x ''\nset yrange [0:1.02]\n"
      "set ylabel 'share of right'\nset bars 0.6\n"
      "plot x with lines dt 3 lw 1 lc rgb '{}', $bins using 1:2:3:4 with yerrorbars pt 0 lw 1.5 lc rgb '{}', "
      "$bins using 1:2 with points pt 7 ps 0.9 lc rgb '{}'\n",
      kMutedColour, SeriesColour(1), SeriesColour(1));
  return script + fmt::format(
                      "set tmargin at screen 0.39\nset bmargin at screen 0.21\nset format x '%g'\nset logscale y\n"
                      "set yrange [0.7:{}]\nset ytics {}\nset mytics 1\nset format y '%.0s%c'\nset xlabel 'stated "
                      "confidence'\nset ylabel '{}'\n"
                      "set style fill solid 1 noborder\nset boxwidth 0.055\n"
                      "plot $bins using 5:6 with boxes lc rgb '{}'\nunset multiplot\n",
                      std::max<int64_t>(most * 2, 20), most < 1000 ? 10 : 100,
                      report.metrics.multi_label ? "pairs" : "texts", SeriesColour(6));
}

/// Upright lines at the modes' thresholds, from the bottom to the top of the picture.
std::string ModeLines(const ThresholdSection& section) {
  std::string script;
  for (const ModePoint& mode : section.modes) {
    script += fmt::format("set arrow from {0},graph 0 to {0},graph 1 nohead back lw 1.2 dt 2 lc rgb '{1}'\n",
                          mode.at.threshold, kMutedColour);
  }
  return script;
}

std::string RatesScript(const EvaluationReport& report) {
  if (!report.thresholds || report.thresholds->positives == 0) return "";
  const ThresholdSection& section = *report.thresholds;
  std::string script = "set xlabel 'threshold'\nset ylabel 'share'\nset xrange [0:1]\nset yrange [0:1.01]\n";
  script += ModeLines(section) + Block("recall", section.points, [&](const ThresholdPoint& p) {
              return fmt::format("{} {}\n", p.threshold,
                                 static_cast<double>(p.found) / static_cast<double>(section.positives));
            });
  std::vector<ThresholdPoint> decided = section.points;
  std::erase_if(decided, [](const ThresholdPoint& p) { return p.found + p.false_alarms == 0; });
  script += Block("precision", decided, [](const ThresholdPoint& p) {
    return fmt::format("{} {}\n", p.threshold,
                       static_cast<double>(p.found) / static_cast<double>(p.found + p.false_alarms));
  });
  return script + "plot " + PlotLines({"recall", "precision"}, true) + "\n";
}

std::string FprScript(const EvaluationReport& report) {
  if (!report.thresholds || report.thresholds->legitimate == 0) return "";
  const ThresholdSection& section = *report.thresholds;
  const auto share = [&](const ThresholdPoint& p) {
    return 100 * static_cast<double>(p.false_alarms) / static_cast<double>(section.legitimate);
  };
  // At threshold 0 every text is called positive: what matters lies within a few of the modes' rates.
  double most = share(section.points[10]);
  for (const ModePoint& mode : section.modes) most = std::max(most, share(mode.at));
  const double top = std::clamp(1.3 * most, 1.0, 100.0);
  std::string script = fmt::format(
      "set xlabel 'threshold'\nset ylabel 'false positives, % of legitimate'\nset xrange [0:1]\n"
      "set yrange [0:{}]\n",
      top);
  script += ModeLines(section) + Block("fpr", section.points, [&](const ThresholdPoint& p) {
              return fmt::format("{} {}\n", p.threshold, share(p));
            });
  return script + fmt::format("plot $fpr using 1:2 with lines lw 2.5 lc rgb '{}'\n", SeriesColour(4));
}

Result<std::string> Draw(const std::string& body, const fs::path& directory, const InlineSvg& about) {
  if (body.empty()) return "";
  const fs::path file = directory / (about.id + ".svg");
  TRY(DrawWithGnuplot(file, [&](const fs::path& out) { return Heading(out) + body + "unset output\n"; }));
  const std::string svg = TRY(ReadFile(file));
  return InlineOf(svg, about);
}

}  // namespace

Result<ReportCharts> DrawReportCharts(const EvaluationReport& report) {
  ReportCharts charts;
  if (!HasGnuplot()) {
    charts.missing =
        "they are drawn by gnuplot, which is not installed (Debian: apt-get install gnuplot-nox). "
        "report.json has the points of the curves.";
    return charts;
  }
  const Workplace work = TRY(Workplace::Make("report"));
  const std::string auc = FigureText(report.curves.empty() ? std::nullopt : report.curves.front().roc_auc);
  const std::string ap = FigureText(report.curves.empty() ? std::nullopt : report.curves.front().average_precision);
  charts.roc = TRY(Draw(RocScript(report), work.path(),
                        {.id = "roc",
                         .title = "ROC curve",
                         .desc = "Recall against false positive rate; the first curve's area is " + auc + "."}));
  charts.precision_recall =
      TRY(Draw(PrecisionRecallScript(report), work.path(),
               {.id = "pr",
                .title = "Precision-recall curve",
                .desc = "Precision against recall; the first curve's average precision is " + ap + "."}));
  charts.reliability =
      TRY(Draw(ReliabilityScript(report), work.path(),
               {.id = "reliability",
                .title = "Reliability diagram",
                .desc = "Share of right answers against stated confidence; the expected calibration error is " +
                        FigureText(report.metrics.ece) + ". The table beside it has the numbers."}));
  charts.rates = TRY(Draw(RatesScript(report), work.path(),
                          {.id = "rates",
                           .title = "Recall and precision by threshold",
                           .desc = "The table of the modes has the numbers."}));
  charts.fpr = TRY(Draw(
      FprScript(report), work.path(),
      {.id = "fpr", .title = "False positive rate by threshold", .desc = "The table of the modes has the numbers."}));
  return charts;
}

}  // namespace winnow
