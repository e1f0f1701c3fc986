#include <fmt/format.h>

#include <algorithm>

#include "evaluate/text_table.h"
#include "report/evaluation_report.h"
#include "report/report_words.h"
#include "report/shown_text.h"
#include "report/verdict.h"

namespace winnow {
namespace {

constexpr size_t kNameWidth = 28;
constexpr size_t kTextWidth = 90;

std::string OneLine(std::string_view text, size_t width) { return ShownText(text, {.most = width}); }

}  // namespace

std::string ComparedText(const EvaluationReport& report, size_t most_texts) {
  const ComparedSection& against = *report.against;
  const std::string first = ShownName(report.model.name, kNameWidth),
                    second = ShownName(against.model.name, kNameWidth);
  std::string text = "compared with " + second + "\n";
  TextTable table;
  table.Add({"", first, second, "difference", "95 % interval", "p", first + " is"});
  for (const ComparedMetric& metric : ComparedMetrics(against.paired)) {
    table.Add({metric.name, MetricText(metric.first), MetricText(metric.second),
               fmt::format("{:+.4f}", metric.difference), RangeText(metric.interval), PValueText(metric.p_value),
               metric.verdict});
  }
  text += table.Text() + "  " + std::string(kComparedNote) + "\n  " + VerdictOf(against.paired, first, second) + "\n";
  text += fmt::format("  {}: {}\n", second, EvaluationVerdict(against.metrics, against.majority));
  if (against.texts.empty()) return text;
  const size_t shown = std::min(against.texts.size(), most_texts);
  text += fmt::format("\n{} of {} texts that only one model classified correctly\n", shown,
                      against.paired.differing.size());
  for (size_t i = 0; i < shown; ++i) {
    const ReportedText& t = against.texts[i];
    std::string by_second;
    for (const std::string& label : t.second_decided) by_second += (by_second.empty() ? "" : ", ") + label;
    text += fmt::format("  {}, row {}: truth {}, {}: {}, {}: {}\n", OneLine(t.file, kTextWidth), t.row,
                        OneLine(TrueLabelNames(report, t), kNameWidth), first,
                        OneLine(LabelNames(t.decided, report.metrics.labels), kNameWidth), second,
                        OneLine(by_second.empty() ? "none" : by_second, kNameWidth));
    if (report.with_texts) text += "    " + OneLine(t.text, kTextWidth) + "\n";
  }
  return text;
}

}  // namespace winnow
