#include "report/report_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>
#include <utility>

#include "base/ascii.h"
#include "report/shown_text.h"
#include "report/verdict.h"

namespace winnow {
namespace {

constexpr int64_t kFewTexts = 100;   // below: an accuracy of 95 % is known to 4 points at best
constexpr int64_t kFewOfLabel = 30;  // below: a recall of 90 % is known to 11 points at best
constexpr size_t kFullClasses = 40;

/// Returns a share in whole numbers: "Of 1,000 texts, 986 were found." for .986. `one` and `many` are "was found" and
/// "were found". If the part of 1,000 rounds to none or all, 100,000 is used.
std::string OfThousand(double share, const std::string& noun, const std::string& one, const std::string& many) {
  int64_t whole = 1000;
  auto part = static_cast<int64_t>(std::llround(share * 1000));
  if ((part == 0 && share > 0) || (part == whole && share < 1)) {
    whole = 100'000;
    part = std::clamp<int64_t>(std::llround(share * 100'000), 1, whole - 1);
  }
  const auto grouped = [](int64_t n) {
    return n < 1000 ? std::to_string(n) : fmt::format("{},{:03}", n / 1000, n % 1000);
  };
  return fmt::format("Of {} {}, {} {}.", grouped(whole), noun, grouped(part), part == 1 ? one : many);
}

}  // namespace

std::string PercentText(std::optional<double> share) {
  if (!share) return "-";
  const double percent = 100 * *share;
  if (percent == 0) return "0 %";
  if (percent == 100) return "100 %";
  if (percent < 0.005) return "< 0.01 %";
  if (percent > 99.995) return "> 99.99 %";
  const bool at_an_end = percent < 0.095 || percent > 99.905;
  return fmt::format("{:.{}f} %", percent, at_an_end ? 2 : 1);
}

std::string QuotedName(const std::string& name) { return "'" + ShownText(name, {.most = 40}) + "'"; }

std::string PercentRange(const std::optional<Interval>& interval) {
  if (!interval) return "";
  const std::string low = PercentText(interval->low);
  return low.substr(0, low.size() - 2) + " to " + PercentText(interval->high);
}

std::vector<Headline> Headlines(const EvaluationReport& report) {
  const Metrics& m = report.metrics;
  std::vector<Headline> headlines;
  const std::string right = m.multi_label ? "got exactly the right labels" : "got the right label";
  headlines.push_back({"Accuracy", PercentText(m.accuracy), OfThousand(m.accuracy, "texts", right, right),
                       PercentRange(m.accuracy_interval)});
  if (m.positive_label >= 0) {
    const auto positive = static_cast<size_t>(m.positive_label);
    const ClassMetrics& label = m.per_class[positive];
    const std::string name = QuotedName(m.labels[positive]);
    if (m.fpr) {
      headlines.push_back({"False-positive rate", PercentText(m.fpr),
                           OfThousand(*m.fpr, "negatives (texts that are not " + name + ")", "was assigned that label",
                                      "were assigned that label"),
                           PercentRange(m.fpr_interval)});
    }
    if (label.support > 0) {
      headlines.push_back({"Recall", PercentText(label.recall),
                           OfThousand(label.recall, "texts that are " + name, "was detected", "were detected"),
                           PercentRange(m.recall_interval)});
    }
    if (label.decided > 0) {
      headlines.push_back(
          {"Precision", PercentText(label.precision),
           OfThousand(label.precision, "texts that were assigned " + name, "has that label", "have that label"),
           PercentRange(WilsonInterval(label.counts.true_positives, label.decided))});
    }
  }
  headlines.push_back({"Macro-F1", PercentText(m.f1_macro), "The unweighted mean of the F1 scores of all labels.",
                       PercentRange(m.f1_macro_interval)});
  if (m.ece) {
    headlines.push_back({"Calibration error", PercentText(m.ece),
                         "The mean difference between confidence and accuracy (expected calibration error, ECE).", ""});
  }
  return headlines;
}

std::vector<std::string> Warnings(const EvaluationReport& report) {
  const Metrics& m = report.metrics;
  std::vector<std::string> warnings;
  if (std::string never = NeverPredictedText(m); !never.empty()) warnings.push_back(std::move(never));
  if (m.count < kFewTexts) {
    warnings.push_back(
        fmt::format("Only {} text{}: the metrics are imprecise and may differ on other texts; see their "
                    "confidence intervals.",
                    m.count, m.count == 1 ? "" : "s"));
  }
  std::vector<size_t> few;
  for (size_t i = 0; i < m.per_class.size(); ++i) {
    if (m.per_class[i].support > 0 && m.per_class[i].support < kFewOfLabel) few.push_back(i);
  }
  if (few.size() == 1) {
    const int64_t support = m.per_class[few[0]].support;
    warnings.push_back(fmt::format("Only {} text{} {}: too few examples of that label for precise metrics.", support,
                                   support == 1 ? " is" : "s are", QuotedName(m.labels[few[0]])));
  } else if (!few.empty()) {
    warnings.push_back(
        fmt::format("{} of {} labels have fewer than {} texts, too few for precise metrics of those labels.",
                    few.size(), m.labels.size(), kFewOfLabel));
  }
  if (report.origin.left_out > 0) {
    warnings.push_back(fmt::format("{} row{} skipped, because the model does not have their labels.",
                                   report.origin.left_out, report.origin.left_out == 1 ? " was" : "s were"));
  }
  warnings.insert(warnings.end(), report.origin.notes.begin(), report.origin.notes.end());
  for (std::string note : m.notes) {
    if (m.positive_label < 0 && note.starts_with("fpr ")) continue;  // which such a model is not expected to have
    if (!note.empty() && note.find('_') > note.find(' ')) note[0] = UpperAscii(note[0]);
    warnings.push_back(note + ".");
  }
  return warnings;
}

std::string Subject(const EvaluationReport& report) {
  const ReportedModel& model = report.model;
  std::string text = model.name;
  if (!model.version.empty()) text += " " + model.version;
  if (report.origin.folds > 0)
    text = fmt::format("The configuration of {}, cross-validated with {} folds,", text, report.origin.folds);
  return fmt::format("{} on {} text{} with {} labels", text, report.metrics.count, report.metrics.count == 1 ? "" : "s",
                     report.metrics.labels.size());
}

std::string Provenance(const EvaluationReport& report) {
  constexpr size_t kNamedFiles = 2;
  const std::vector<ReportedFile>& data = report.origin.data;
  std::string files;
  for (size_t i = 0; i < std::min(data.size(), kNamedFiles); ++i) {
    files += (i == 0 ? "" : ", ") + std::filesystem::path(data[i].path).filename().string();
  }
  if (data.size() > kNamedFiles) files += fmt::format(" and {} more", data.size() - kNamedFiles);
  std::string line;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) line += fmt::format("{}{}: {}.", line.empty() ? "" : " ", name, value);
  };
  add("Data", files);
  const bool linear = report.model.kind == "lr" || report.model.kind == "svm";
  add(linear ? "Features" : "Base model", report.model.base_model);
  add("Weights", report.model.weights);
  add("Date", report.origin.timestamp.substr(0, report.origin.timestamp.find('T')));
  return line;
}

std::vector<ComparedMetric> ComparedMetrics(const PairedComparison& paired) {
  std::vector<ComparedMetric> metrics;
  for (const PairedMetric& figure : paired.metrics) {
    ComparedMetric metric{.name = figure.name,
                          .first = figure.first,
                          .second = figure.second,
                          .difference = figure.first - figure.second,
                          .interval = {},
                          .p_value = figure.p_value,
                          .verdict = ""};
    if (figure.difference) {
      metric.interval = Interval{0 - figure.difference->high, 0 - figure.difference->low};
      const bool better = (metric.difference > 0) == (figure.name != "fpr");  // the only one that is better when lower
      metric.verdict = !figure.IsSignificant() ? "no clear difference" : better ? "better" : "worse";
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

std::string ErrorKind(const EvaluationReport& report, const ReportedText& text) {
  const Metrics& m = report.metrics;
  if (m.multi_label) {
    const bool missing = !std::ranges::includes(text.decided, text.truth);
    const bool extra = !std::ranges::includes(text.truth, text.decided);
    return missing && extra ? "missing and extra labels" : missing ? "labels missing" : "extra labels";
  }
  if (!text.unknown_labels.empty()) return "labels that the model does not have";
  if (m.positive_label < 0) return LabelNames(text.truth, m.labels) + " → " + LabelNames(text.decided, m.labels);
  const std::string name = QuotedName(m.labels[static_cast<size_t>(m.positive_label)]);
  if (std::ranges::find(text.truth, m.positive_label) != text.truth.end())
    return "false negatives: " + name + " missed";
  if (std::ranges::find(text.decided, m.positive_label) != text.decided.end())
    return "false positives: wrongly " + name;
  return "other errors";
}

std::string LabelNames(const std::vector<int32_t>& ids, const std::vector<std::string>& labels) {
  std::string names;
  for (const int32_t id : ids) names += (names.empty() ? "" : ", ") + labels[static_cast<size_t>(id)];
  return names.empty() ? "none" : names;
}

std::string TrueLabelNames(const EvaluationReport& report, const ReportedText& text) {
  std::vector<int32_t> known = text.truth;
  std::erase(known, kUnknownLabelId);
  std::string names = known.empty() && !text.unknown_labels.empty() ? "" : LabelNames(known, report.metrics.labels);
  for (const std::string& label : text.unknown_labels) names += (names.empty() ? "" : ", ") + label + " (unknown)";
  return names;
}

std::vector<size_t> ClassOrder(const Metrics& metrics) {
  std::vector<size_t> order(metrics.per_class.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (order.size() <= kFullClasses) return order;
  std::ranges::stable_sort(order, {}, [&](size_t i) {
    const ClassMetrics& label = metrics.per_class[i];
    return label.support + label.decided == 0 ? 2.0 : label.f1;
  });
  return order;
}

std::vector<Confusion> WorstConfusions(const Metrics& metrics, size_t most) {
  const size_t labels = metrics.labels.size();
  std::vector<Confusion> worst;
  for (size_t cell = 0; cell < metrics.confusion.size(); ++cell) {
    if (cell / labels != cell % labels && metrics.confusion[cell] > 0) {
      worst.push_back({.truth = cell / labels, .decided = cell % labels, .texts = metrics.confusion[cell]});
    }
  }
  std::ranges::stable_sort(worst, std::greater<>(), &Confusion::texts);
  worst.resize(std::min(worst.size(), most));
  return worst;
}

std::vector<size_t> MatrixLabels(const Metrics& metrics, size_t most) {
  std::vector<size_t> shown;
  if (metrics.labels.size() <= most) {
    shown.resize(metrics.labels.size());
    std::iota(shown.begin(), shown.end(), size_t{0});
    return shown;
  }
  for (const Confusion& confusion : WorstConfusions(metrics, metrics.confusion.size())) {
    std::vector<size_t> missing;
    for (const size_t label : {confusion.truth, confusion.decided}) {
      if (std::ranges::find(shown, label) == shown.end()) missing.push_back(label);
    }
    if (shown.size() + missing.size() > most) continue;
    shown.insert(shown.end(), missing.begin(), missing.end());
  }
  std::ranges::sort(shown);
  return shown;
}

}  // namespace winnow
