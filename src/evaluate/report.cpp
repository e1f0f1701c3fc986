#include "evaluate/report.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace winnow {
namespace {

constexpr size_t kNameWidth = 28;
constexpr size_t kCellNameWidth = 12;

/// Columns that a terminal needs, one a code point. Wide scripts may still stand a little off.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A label's name on one line: a terminal must not obey it.
std::string Shown(std::string_view name, size_t width) {
  std::string shown;
  size_t columns = 0;
  const bool cut = Width(name) > width;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    const bool starts = (byte & 0xC0) != 0x80;
    if (starts && cut && columns + 1 == width) return shown + "…";
    columns += starts ? 1 : 0;
    // C1 controls are C2 80 ... C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || c1) {
      shown += '?';
      i += c1 ? 1 : 0;
    } else {
      shown += name[i];
    }
  }
  return shown.empty() ? "''" : shown;
}

std::string Figure(std::optional<double> value, int digits = 4) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", digits, *value);
  return text;
}

std::string Range(const std::optional<Interval>& interval, int digits = 4) {
  if (!interval) return "";
  // Appended piece by piece: GCC 12 takes "[" + string for an overlapping copy.
  std::string text = "[";
  return text.append(Figure(interval->low, digits)).append(", ").append(Figure(interval->high, digits)).append("]");
}

/// Rows of cells, each column as wide as its widest cell: the first one to the left, the others to the right.
class Table {
 public:
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string Text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line = " ";
      for (size_t i = 0; i < row.size(); ++i) {
        const size_t pad = widths[i] - Width(row[i]);
        line.append(i == 0 ? 1 : 2 + pad, ' ');
        line.append(row[i]);
        if (i == 0) line.append(pad, ' ');
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string Head(const Metrics& metrics) {
  std::string text = std::to_string(metrics.count) + (metrics.count == 1 ? " text, " : " texts, ") +
                     std::to_string(metrics.labels.size()) + (metrics.labels.size() == 1 ? " label" : " labels");
  if (metrics.multi_label) text += ", any number a text";
  if (metrics.positive_label >= 0) {
    text += ", positive: " + Shown(metrics.labels[static_cast<size_t>(metrics.positive_label)], kNameWidth);
  }
  return text + "\n";
}

std::string Figures(const Metrics& metrics) {
  Table table;
  table.Add({metrics.multi_label ? "accuracy (whole sets)" : "accuracy", Figure(metrics.accuracy),
             Range(metrics.accuracy_interval)});
  table.Add({"f1_macro", Figure(metrics.f1_macro), Range(metrics.f1_macro_interval)});
  if (metrics.multi_label) table.Add({"f1_micro", Figure(metrics.f1_micro)});
  table.Add({"f1_weighted", Figure(metrics.f1_weighted)});
  table.Add({"precision_macro", Figure(metrics.precision_macro)});
  table.Add({"recall_macro", Figure(metrics.recall_macro)});
  table.Add({"roc_auc", Figure(metrics.roc_auc)});
  if (metrics.positive_label >= 0) {
    const ClassMetrics& positive = metrics.per_class[static_cast<size_t>(metrics.positive_label)];
    table.Add({"recall of the positive", Figure(positive.recall), Range(metrics.recall_interval)});
    table.Add({"fpr", Figure(metrics.fpr), Range(metrics.fpr_interval)});
  }
  table.Add({"ece", Figure(metrics.ece)});
  std::string text = table.Text() + "  95 % intervals: Wilson's";
  return text + (metrics.f1_macro_interval ? ", for f1_macro a bootstrap over texts\n" : "\n");
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
    text = "by label, the " + std::to_string(order.size()) + " lowest F1 of " + std::to_string(metrics.labels.size()) +
           " (--json has all)\n";
  }
  Table table;
  table.Add({"label", "precision", "recall", "recall, 95 %", "f1", "roc_auc", "support"});
  for (const size_t i : order) {
    const ClassMetrics& label = metrics.per_class[i];
    table.Add({Shown(metrics.labels[i], kNameWidth), Figure(label.precision), Figure(label.recall),
               Range(label.recall_interval, 3), Figure(label.f1), Figure(label.roc_auc),
               std::to_string(label.support)});
  }
  return text + table.Text();
}

std::string WholeConfusion(const Metrics& metrics) {
  Table table;
  std::vector<std::string> head = {""};
  for (const std::string& label : metrics.labels) head.push_back(Shown(label, kCellNameWidth));
  table.Add(head);
  for (size_t truth = 0; truth < metrics.labels.size(); ++truth) {
    std::vector<std::string> row = {Shown(metrics.labels[truth], kNameWidth)};
    for (size_t decided = 0; decided < metrics.labels.size(); ++decided) {
      row.push_back(std::to_string(metrics.confusion[truth * metrics.labels.size() + decided]));
    }
    table.Add(row);
  }
  return "confusion (row: the truth, column: what was decided)\n" + table.Text();
}

std::string WorstConfusions(const Metrics& metrics, size_t worst) {
  const size_t labels = metrics.labels.size();
  std::vector<size_t> cells;
  for (size_t cell = 0; cell < metrics.confusion.size(); ++cell) {
    if (cell / labels != cell % labels && metrics.confusion[cell] > 0) cells.push_back(cell);
  }
  if (cells.empty()) return "";
  std::ranges::stable_sort(cells, std::greater<>(), [&](size_t cell) { return metrics.confusion[cell]; });
  cells.resize(std::min(cells.size(), worst));
  Table table;
  table.Add({"truth", "decided", "texts"});
  for (const size_t cell : cells) {
    table.Add({Shown(metrics.labels[cell / labels], kNameWidth), Shown(metrics.labels[cell % labels], kNameWidth),
               std::to_string(metrics.confusion[cell])});
  }
  return "most often confused\n" + table.Text();
}

std::string LabelConfusion(const Metrics& metrics) {
  Table table;
  table.Add({"label", "hits", "false alarms", "missed", "rightly left out"});
  for (size_t i = 0; i < metrics.per_class.size(); ++i) {
    const auto& [tp, fp, fn] = metrics.per_class[i].counts;
    table.Add({Shown(metrics.labels[i], kNameWidth), std::to_string(tp), std::to_string(fp), std::to_string(fn),
               std::to_string(metrics.count - tp - fp - fn)});
  }
  return "confusion\n" + table.Text();
}

std::string ConfusionText(const Metrics& metrics, const ReportOptions& options) {
  const bool few = metrics.labels.size() <= options.full_confusion_labels;
  if (metrics.multi_label) return few ? LabelConfusion(metrics) : "";
  return few ? WholeConfusion(metrics) : WorstConfusions(metrics, options.worst);
}

}  // namespace

std::string ReportText(const Metrics& metrics, const ReportOptions& options) {
  std::string text = Head(metrics) + "\n" + Figures(metrics) + "\n" + Classes(metrics, options);
  if (const std::string confusion = ConfusionText(metrics, options); !confusion.empty()) text += "\n" + confusion;
  if (!metrics.notes.empty()) text += "\n";
  for (const std::string& note : metrics.notes) text += "note: " + Shown(note, note.size()) + "\n";
  return text;
}

}  // namespace winnow
