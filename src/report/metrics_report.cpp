#include "report/metrics_report.h"

#include <algorithm>
#include <numeric>

#include "evaluate/text_table.h"

namespace winnow {
namespace {

constexpr size_t kNameWidth = 28;
constexpr size_t kCellNameWidth = 12;

std::string Head(const Metrics& metrics) {
  std::string text = std::to_string(metrics.count) + (metrics.count == 1 ? " text, " : " texts, ") +
                     std::to_string(metrics.labels.size()) + (metrics.labels.size() == 1 ? " label" : " labels");
  if (metrics.multi_label) text += ", any number per text";
  if (metrics.positive_label >= 0) {
    text += ", positive: " + ShownName(metrics.labels[static_cast<size_t>(metrics.positive_label)], kNameWidth);
  }
  return text + "\n";
}

std::string MetricLines(const Metrics& metrics) {
  TextTable table;
  table.Add({metrics.multi_label ? "accuracy (exact match)" : "accuracy", MetricText(metrics.accuracy),
             RangeText(metrics.accuracy_interval)});
  table.Add({"f1_macro", MetricText(metrics.f1_macro), RangeText(metrics.f1_macro_interval)});
  if (metrics.multi_label) table.Add({"f1_micro", MetricText(metrics.f1_micro)});
  table.Add({"f1_weighted", MetricText(metrics.f1_weighted)});
  table.Add({"precision_macro", MetricText(metrics.precision_macro)});
  table.Add({"recall_macro", MetricText(metrics.recall_macro)});
  table.Add({"roc_auc", MetricText(metrics.roc_auc)});
  if (metrics.positive_label >= 0) {
    const ClassMetrics& positive = metrics.per_class[static_cast<size_t>(metrics.positive_label)];
    table.Add({"recall (positive label)", positive.support > 0 ? MetricText(positive.recall) : "-",
               RangeText(metrics.recall_interval)});
    table.Add({"fpr", MetricText(metrics.fpr), RangeText(metrics.fpr_interval)});
  }
  table.Add({"ece", MetricText(metrics.ece)});
  table.Add({"adaptive_ece", MetricText(metrics.adaptive_ece)});
  table.Add({"brier", MetricText(metrics.brier)});
  table.Add({"nll", MetricText(metrics.nll)});
  std::string text = table.Text() + "  95 % confidence intervals: Wilson score";
  return text + (metrics.f1_macro_interval ? "; f1_macro: bootstrap over texts\n" : "\n");
}

std::string Classes(const Metrics& metrics, const ReportOptions& options) {
  std::vector<size_t> order(metrics.per_class.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::string text = "by label\n";
  if (order.size() > options.full_class_labels) {
    // Labels that do not occur have an F1 of 0, but nothing went wrong with them.
    std::erase_if(order, [&](size_t i) { return metrics.per_class[i].support + metrics.per_class[i].decided == 0; });
    std::ranges::stable_sort(order, {}, [&](size_t i) { return metrics.per_class[i].f1; });
    order.resize(std::min(order.size(), options.worst));
    text = "by label: the " + std::to_string(order.size()) + " lowest F1 of " + std::to_string(metrics.labels.size()) +
           " labels (--json prints all)\n";
  }
  TextTable table;
  table.Add({"label", "precision", "recall", "95 % interval", "f1", "roc_auc", "support"});
  for (const size_t i : order) {
    const ClassMetrics& label = metrics.per_class[i];
    table.Add({ShownName(metrics.labels[i], kNameWidth), MetricText(label.precision), MetricText(label.recall),
               RangeText(label.recall_interval, 3), MetricText(label.f1), MetricText(label.roc_auc),
               std::to_string(label.support)});
  }
  return text + table.Text();
}

std::string WholeConfusion(const Metrics& metrics) {
  TextTable table;
  std::vector<std::string> head = {""};
  for (const std::string& label : metrics.labels) head.push_back(ShownName(label, kCellNameWidth));
  table.Add(head);
  for (size_t truth = 0; truth < metrics.labels.size(); ++truth) {
    std::vector<std::string> row = {ShownName(metrics.labels[truth], kNameWidth)};
    for (size_t decided = 0; decided < metrics.labels.size(); ++decided) {
      row.push_back(std::to_string(metrics.confusion[truth * metrics.labels.size() + decided]));
    }
    table.Add(row);
  }
  return "confusion matrix (rows: true labels, columns: predicted labels)\n" + table.Text();
}

std::string WorstConfusionTable(const Metrics& metrics, size_t worst) {
  const size_t labels = metrics.labels.size();
  std::vector<size_t> cells;
  for (size_t cell = 0; cell < metrics.confusion.size(); ++cell) {
    if (cell / labels != cell % labels && metrics.confusion[cell] > 0) cells.push_back(cell);
  }
  if (cells.empty()) return "";
  std::ranges::stable_sort(cells, std::greater<>(), [&](size_t cell) { return metrics.confusion[cell]; });
  cells.resize(std::min(cells.size(), worst));
  TextTable table;
  table.Add({"truth", "decided", "texts"});
  for (const size_t cell : cells) {
    table.Add({ShownName(metrics.labels[cell / labels], kNameWidth),
               ShownName(metrics.labels[cell % labels], kNameWidth), std::to_string(metrics.confusion[cell])});
  }
  return "most often confused\n" + table.Text();
}

std::string LabelConfusion(const Metrics& metrics) {
  TextTable table;
  table.Add({"label", "true positives", "false positives", "false negatives", "true negatives"});
  for (size_t i = 0; i < metrics.per_class.size(); ++i) {
    const auto& [tp, fp, fn] = metrics.per_class[i].counts;
    table.Add({ShownName(metrics.labels[i], kNameWidth), std::to_string(tp), std::to_string(fp), std::to_string(fn),
               std::to_string(metrics.count - tp - fp - fn)});
  }
  return "confusion\n" + table.Text();
}

std::string ConfusionText(const Metrics& metrics, const ReportOptions& options) {
  const bool few = metrics.labels.size() <= options.full_confusion_labels;
  if (metrics.multi_label) return few ? LabelConfusion(metrics) : "";
  return few ? WholeConfusion(metrics) : WorstConfusionTable(metrics, options.worst);
}

}  // namespace

std::string ReportText(const Metrics& metrics, const ReportOptions& options) {
  std::string text = Head(metrics) + "\n" + MetricLines(metrics) + "\n" + Classes(metrics, options);
  if (const std::string confusion = ConfusionText(metrics, options); !confusion.empty()) text += "\n" + confusion;
  if (!metrics.notes.empty()) text += "\n";
  for (const std::string& note : metrics.notes) text += "note: " + ShownName(note, note.size()) + "\n";
  return text;
}

}  // namespace winnow
