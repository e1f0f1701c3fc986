#include "report/report_markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "evaluate/text_table.h"
#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

constexpr size_t kMaxMatrixLabels = 12;
constexpr size_t kMaxConfusions = 15;
constexpr size_t kTextLength = 200;

std::string Name(std::string_view name) { return MarkdownText(name, {.most = 80}); }

/// Rows of cells that are Markdown already; the first row is the heading. The first column and those whose heading is
/// among `left` stand to the left.
std::string Table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::string>& left = {}) {
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    text += '|';
    for (const std::string& cell : rows[i]) text += " " + cell + " |";
    text += '\n';
    if (i > 0) continue;
    text += "| :--- |";
    for (size_t column = 1; column < rows[0].size(); ++column) {
      text += std::ranges::find(left, rows[0][column]) == left.end() ? " ---: |" : " :--- |";
    }
    text += '\n';
  }
  return text + "\n";
}

std::string Share(int64_t part, int64_t whole) {
  if (whole == 0) return "-";
  const auto interval = WilsonInterval(part, whole);
  return PercentText(static_cast<double>(part) / static_cast<double>(whole)) + " (" + PercentRange(interval) + ")";
}

std::string Confusions(const Metrics& metrics) {
  std::string text = "## Confusion\n\n";
  std::vector<std::vector<std::string>> rows;
  if (metrics.multi_label) {
    rows.push_back({"label", "true positives", "false positives", "false negatives", "true negatives"});
    for (const size_t label : ClassOrder(metrics)) {
      const auto& [hits, alarms, missed] = metrics.per_class[label].counts;
      rows.push_back({Name(metrics.labels[label]), std::to_string(hits), std::to_string(alarms), std::to_string(missed),
                      std::to_string(metrics.count - hits - alarms - missed)});
    }
    return text + Table(rows);
  }
  const size_t labels = metrics.labels.size();
  if (labels > kMaxMatrixLabels) {
    rows.push_back({"truth", "decided", "texts"});
    for (const Confusion& c : WorstConfusions(metrics, kMaxConfusions)) {
      rows.push_back({Name(metrics.labels[c.truth]), Name(metrics.labels[c.decided]), std::to_string(c.texts)});
    }
    return text + (rows.size() > 1 ? Table(rows, {"decided"}) : "No text was assigned a wrong label.\n\n");
  }
  rows.push_back({"truth \\\\ decided"});
  for (const std::string& label : metrics.labels) rows[0].push_back(Name(label));
  for (size_t truth = 0; truth < labels; ++truth) {
    rows.push_back({Name(metrics.labels[truth])});
    for (size_t decided = 0; decided < labels; ++decided) {
      rows.back().push_back(std::to_string(metrics.confusion[truth * labels + decided]));
    }
  }
  return text + Table(rows);
}

std::string Classes(const EvaluationReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"label", "texts", "precision", "recall", "F1", "ROC-AUC", "average precision"}};
  for (const size_t label : ClassOrder(report.metrics)) {
    const ClassMetrics& c = report.metrics.per_class[label];
    rows.push_back({Name(report.metrics.labels[label]), std::to_string(c.support),
                    Share(c.counts.true_positives, c.decided), Share(c.counts.true_positives, c.support),
                    PercentText(c.f1), MetricText(c.roc_auc), MetricText(report.average_precision[label])});
  }
  return "## Labels\n\n" + Table(rows);
}

std::string ThresholdTable(const EvaluationReport& report) {
  if (!report.thresholds || report.thresholds->modes.empty()) return "";
  const ThresholdSection& section = *report.thresholds;
  std::vector<std::vector<std::string>> rows = {{"mode", "threshold", "false-positive rate", "recall", "precision"}};
  for (const ModePoint& mode : section.modes) {
    rows.push_back({mode.mode, fmt::format("{:.3f}", mode.at.threshold),
                    Share(mode.at.false_positives, section.negatives), Share(mode.at.found, section.positives),
                    Share(mode.at.found, mode.at.found + mode.at.false_positives)});
  }
  return "## Thresholds\n\n" + Table(rows);
}

std::string Slices(const EvaluationReport& report) {
  std::string text;
  for (const SliceGroup& group : report.slices) {
    std::vector<std::vector<std::string>> rows = {{"by " + group.by, "texts", "accuracy", "stands out"}};
    for (const Slice& slice : group.slices) {
      const bool better = slice.accuracy.low > report.metrics.accuracy;
      rows.push_back({Name(slice.name), std::to_string(slice.count), Share(slice.right, slice.count),
                      !slice.stands_out ? ""
                      : better          ? "better"
                                        : "worse"});
    }
    text += Table(rows, {"stands out"});
  }
  return text.empty() ? "" : "## Slices\n\n" + text;
}

std::string Comparison(const EvaluationReport& report) {
  if (!report.against) return "";
  const ComparedSection& against = *report.against;
  std::string text = "## " + Name(report.model.name) + " compared with " + Name(against.model.name) + "\n\n";
  text += MarkdownText(VerdictOf(against.paired, report.model.name, against.model.name)) + "\n\n";
  const std::string first = Name(report.model.name), second = Name(against.model.name), verdict = first + " is";
  std::vector<std::vector<std::string>> rows = {
      {"metric", first, second, "difference, in percentage points", "95 % interval", "p", verdict}};
  for (const ComparedMetric& m : ComparedMetrics(against.paired)) {
    rows.push_back({MarkdownText(m.name), PercentText(m.first), PercentText(m.second),
                    fmt::format("{:+.2f}", 100 * m.difference),
                    m.interval ? fmt::format("{:+.2f} to {:+.2f}", 100 * m.interval->low, 100 * m.interval->high) : "",
                    MarkdownText(PValueText(m.p_value)), m.verdict});
  }
  return text + Table(rows, {verdict}) + MarkdownText(kComparedNote) + "\n\n";
}

std::string Errors(const EvaluationReport& report) {
  if (report.errors.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"where", "truth", "decided", "confidence"}};
  if (report.with_texts) rows[0].push_back("text");
  for (const ReportedText& text : report.errors) {
    rows.push_back({fmt::format("{}, row {}", Name(text.file), text.row), Name(TrueLabelNames(report, text)),
                    Name(LabelNames(text.decided, report.metrics.labels)), PercentText(text.confidence)});
    if (report.with_texts) rows.back().push_back(MarkdownText(text.text, {.most = kTextLength, .keep_lines = true}));
  }
  return fmt::format("## Most confident errors\n\n{} of {}.\n\n", report.errors.size(), report.error_count) +
         Table(rows, {"truth", "decided", "text"});
}

std::string ModelLine(const ReportedModel& model) {
  std::string text = Name(model.name) + " " + Name(model.version) + " (" + Name(model.bundle) + ")";
  if (!model.base_model.empty()) text += " from " + Name(model.base_model);
  return text + ", weights " + Name(model.weights);
}

std::string Origin(const EvaluationReport& report) {
  const ReportOrigin& origin = report.origin;
  std::string text = "## Model, data and settings\n\n- Model: " + ModelLine(report.model) + "\n";
  if (report.against) text += "- Compared with: " + ModelLine(report.against->model) + "\n";
  for (const ReportedFile& file : origin.data) {
    text += "- Data: " + Name(file.path) + (file.sha256.empty() ? "" : ", sha256 `" + file.sha256 + "`") + "\n";
  }
  if (!origin.filter.empty()) text += "- Filter: " + MarkdownText(origin.filter) + "\n";
  if (report.model.thresholds) text += "- Mode: " + origin.mode + "\n";
  text += "- Created: " + origin.timestamp + " by Winnow " + origin.winnow_version + " on " + MarkdownText(origin.cpu) +
          "\n- Command: " + MarkdownText(origin.command, {.most = 4000}) + "\n";
  return text;
}

}  // namespace

std::string ReportMarkdown(const EvaluationReport& report) {
  std::string text = "# Evaluation of " + Name(report.model.name) + "\n\n" + MarkdownText(Subject(report)) + ".\n\n";
  if (const std::string provenance = Provenance(report); !provenance.empty()) text += MarkdownText(provenance) + "\n\n";
  text += "**" + MarkdownText(ExpectationText(report.metrics)) + " " +
          MarkdownText(VerdictAgainstMajority(report.metrics, report.majority).sentence) + "**\n\n";
  std::vector<std::vector<std::string>> rows = {{"metric", "value", "95 % interval", "meaning"}};
  for (const Headline& h : Headlines(report)) {
    rows.push_back({h.name, h.value, h.interval, MarkdownText(h.sentence)});
  }
  rows.push_back({"ROC-AUC", MetricText(report.metrics.roc_auc), "", ""});
  rows.push_back({"Average precision, mean over labels", MetricText(report.average_precision_macro), "", ""});
  text += Table(rows, {"meaning"});
  for (const std::string& warning : Warnings(report)) text += "> " + MarkdownText(warning, {.most = 1000}) + "\n>\n";
  if (!Warnings(report).empty()) text.replace(text.size() - 2, 2, "\n");
  return text + Comparison(report) + Confusions(report.metrics) + Classes(report) + ThresholdTable(report) +
         Slices(report) + Errors(report) + Origin(report);
}

}  // namespace winnow
