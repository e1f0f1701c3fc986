#include "evaluate/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/names.h"
#include "base/suggest.h"
#include "data/labels.h"
#include "evaluate/ranking.h"

namespace winnow {
namespace {

constexpr size_t kNamesShown = 3;  // of labels in a note

double Ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Result<void> CheckSizes(std::span<const float> probabilities, size_t texts, size_t decided,
                        std::span<const std::string> labels, int32_t positive_label) {
  if (texts == 0)
    return Fail(ErrorCode::kInvalidData, "there are no texts to evaluate", "specify a file with labelled texts");
  if (labels.empty() || probabilities.size() != texts * labels.size()) {
    return Fail(ErrorCode::kInvalidArgument, "internal error: metrics: got " + std::to_string(probabilities.size()) +
                                                 " probabilities for " + std::to_string(texts) + " texts and " +
                                                 std::to_string(labels.size()) + " labels");
  }
  if (decided != 0 && decided != texts) {
    return Fail(ErrorCode::kInvalidArgument, "internal error: metrics: got " + std::to_string(decided) +
                                                 " decisions for " + std::to_string(texts) + " texts");
  }
  if (positive_label < -1 || positive_label >= static_cast<int32_t>(labels.size())) {
    return Fail(ErrorCode::kInvalidArgument, "metrics: the positive label's id is " + std::to_string(positive_label) +
                                                 ", expected 0 to " + std::to_string(labels.size() - 1) + ", or -1");
  }
  for (size_t i = 0; i < probabilities.size(); ++i) {
    // Written so that NaN fails as well.
    if (!(probabilities[i] >= 0.0F && probabilities[i] <= 1.0001F)) {
      return Fail(ErrorCode::kInvalidModel,
                  "text " + std::to_string(i / labels.size() + 1) + ", label '" + labels[i % labels.size()] +
                      "': the probability is " + std::to_string(probabilities[i]) + ", expected 0 to 1",
                  "the weights may contain NaN, for instance because training diverged: train again with a lower --lr");
    }
  }
  return {};
}

Result<void> CheckId(int32_t id, size_t labels, size_t text, const char* what) {
  if (id >= 0 && static_cast<size_t>(id) < labels) return {};
  return Fail(ErrorCode::kInvalidArgument, "metrics: text " + std::to_string(text + 1) + " has the " + what +
                                               " label id " + std::to_string(id) + ", expected 0 to " +
                                               std::to_string(labels - 1));
}

/// The ids in ascending order, each once. Only true labels may be unknown.
Result<std::vector<int32_t>> SortedSet(std::vector<int32_t> ids, size_t labels, size_t text, const char* what,
                                       bool may_be_unknown) {
  for (const int32_t id : ids) {
    if (id != kUnknownLabelId || !may_be_unknown) TRY(CheckId(id, labels, text, what));
  }
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

size_t MostProbable(std::span<const float> row) {
  return static_cast<size_t>(std::ranges::max_element(row) - row.begin());
}

int32_t DefaultDecision(std::span<const float> row, int32_t positive) {
  const size_t top = MostProbable(row);
  if (positive < 0) return static_cast<int32_t>(top);
  const float of_positive = row[static_cast<size_t>(positive)];
  if (row.size() == 2) return of_positive >= 0.5F ? positive : 1 - positive;
  return of_positive >= row[top] ? positive : static_cast<int32_t>(top);
}

std::vector<int32_t> DefaultSet(std::span<const float> row) {
  std::vector<int32_t> set;
  for (size_t label = 0; label < row.size(); ++label) {
    if (row[label] >= 0.5F) set.push_back(static_cast<int32_t>(label));
  }
  return set;
}

/// Precision, recall, F1 by label and their means.
void AddLabelMetrics(const Outcomes& outcomes, Metrics& metrics) {
  LabelCounts total{.false_negatives = metrics.unknown};
  int64_t averaged = 0, support = metrics.unknown;
  std::vector<size_t> absent;
  for (const LabelCounts& counts : outcomes.Counts()) {
    ClassMetrics label;
    label.counts = counts;
    label.support = counts.true_positives + counts.false_negatives;
    label.decided = counts.true_positives + counts.false_positives;
    label.precision = Ratio(counts.true_positives, label.decided);
    label.recall = Ratio(counts.true_positives, label.support);
    label.recall_interval = WilsonInterval(counts.true_positives, label.support);
    label.f1 = F1(counts);
    if (label.support == 0) absent.push_back(metrics.per_class.size());
    if (metrics.multi_label || label.support + label.decided > 0) {
      ++averaged;
      metrics.precision_macro += label.precision;
      metrics.recall_macro += label.recall;
    }
    metrics.f1_weighted += label.f1 * static_cast<double>(label.support);
    support += label.support;
    total.true_positives += counts.true_positives;
    total.false_positives += counts.false_positives;
    total.false_negatives += counts.false_negatives;
    metrics.per_class.push_back(label);
  }
  metrics.precision_macro /= static_cast<double>(std::max<int64_t>(averaged, 1));
  metrics.recall_macro /= static_cast<double>(std::max<int64_t>(averaged, 1));
  metrics.f1_weighted = support == 0 ? 0.0 : metrics.f1_weighted / static_cast<double>(support);
  metrics.f1_macro = MacroF1(outcomes.Counts(), metrics.multi_label);
  metrics.f1_micro = F1(total);
  if (!absent.empty())
    metrics.notes.push_back("labels without any text: " + FirstQuotedNames(metrics.labels, absent, kNamesShown));
}

void AddRanking(std::span<const float> probabilities, const std::vector<std::vector<uint8_t>>& truth,
                Metrics& metrics) {
  const size_t labels = metrics.labels.size();
  double sum = 0;
  std::vector<size_t> undefined;
  for (size_t label = 0; label < labels; ++label) {
    metrics.per_class[label].roc_auc = RocAuc(probabilities.subspan(label), labels, truth[label]);
    if (metrics.per_class[label].roc_auc) {
      sum += *metrics.per_class[label].roc_auc;
    } else {
      undefined.push_back(label);
    }
  }
  if (metrics.multi_label && !undefined.empty() && undefined.size() < labels) {
    // Rare labels are often missing from a small part; the others are ranked well or badly nevertheless.
    metrics.roc_auc = sum / static_cast<double>(labels - undefined.size());
    metrics.notes.push_back("roc_auc is the mean over " + std::to_string(labels - undefined.size()) + " of " +
                            std::to_string(labels) +
                            " labels; the other labels are left out, because no text or every text has them: " +
                            FirstQuotedNames(metrics.labels, undefined, kNamesShown));
  } else if (!undefined.empty()) {
    metrics.notes.push_back("roc_auc is undefined: it requires texts with and without " +
                            FirstQuotedNames(metrics.labels, undefined, kNamesShown));
  } else if (!metrics.multi_label && labels == 2) {
    metrics.roc_auc = metrics.per_class[metrics.positive_label == 0 ? 0 : 1].roc_auc;
  } else {
    metrics.roc_auc = sum / static_cast<double>(labels);
  }
}

/// Adds the metrics of the positive label.
void AddPositive(Metrics& metrics) {
  if (metrics.positive_label < 0) return;
  const ClassMetrics& positive = metrics.per_class[static_cast<size_t>(metrics.positive_label)];
  const int64_t negatives = metrics.count - positive.support;
  const std::string name = "'" + metrics.labels[static_cast<size_t>(metrics.positive_label)] + "'";
  metrics.recall_interval = positive.recall_interval;
  if (positive.support == 0) metrics.notes.push_back("recall is undefined: no text has the label " + name);
  metrics.fpr_interval = WilsonInterval(positive.counts.false_positives, negatives);
  if (negatives > 0) {
    metrics.fpr = Ratio(positive.counts.false_positives, negatives);
  } else {
    metrics.notes.push_back("fpr is undefined: every text has the label " + name);
  }
}

Metrics Start(std::span<const std::string> labels, size_t texts, bool multi_label, const MetricsOptions& options) {
  Metrics metrics;
  metrics.count = static_cast<int64_t>(texts);
  metrics.labels.assign(labels.begin(), labels.end());
  metrics.positive_label = options.positive_label;
  metrics.multi_label = multi_label;
  return metrics;
}

/// The metrics of probabilities that require no ranking, collected label by label.
class ProbabilityMetrics {
 public:
  /// A text of a single-label model.
  void Add(std::span<const float> row, size_t truth) {
    const size_t top = MostProbable(row);
    AddConfidence(static_cast<double>(row[top]), top == truth);
    if (truth >= row.size()) return;  // an unknown label
    for (size_t label = 0; label < row.size(); ++label) {
      if (row.size() != 2 || label == 1) AddSquare(static_cast<double>(row[label]), label == truth);
    }
    log_loss_ += LogLoss(static_cast<double>(row[truth]));
    ++count_;
  }
  /// A text and label of a multi-label one.
  void Add(float probability, bool has) {
    const auto p = static_cast<double>(probability);
    AddConfidence(p, has);
    AddSquare(p, has);
    log_loss_ += LogLoss(has ? p : 1 - p);
    ++count_;
  }
  void Fill(Metrics& metrics) const {
    const double count = std::max(count_, 1.0);
    metrics.ece = calibration_.Value();
    metrics.adaptive_ece = adaptive_.Value();
    metrics.brier = squares_ / count;
    metrics.nll = log_loss_ / count;
  }

 private:
  void AddConfidence(double confidence, bool hit) {
    calibration_.Add(confidence, hit);
    adaptive_.Add(confidence, hit);
  }
  void AddSquare(double probability, bool has) { squares_ += std::pow(probability - (has ? 1.0 : 0.0), 2); }

  CalibrationError calibration_;
  AdaptiveCalibrationError adaptive_;
  double squares_ = 0, log_loss_ = 0, count_ = 0;
};

struct Named {
  std::string_view name;
  bool higher_is_better;
  std::function<std::optional<double>(const Metrics&)> value;
};

const std::vector<Named>& Table() {
  static const std::vector<Named> table = {
      {"accuracy", true, [](const Metrics& m) { return m.accuracy; }},
      {"f1_macro", true, [](const Metrics& m) { return m.f1_macro; }},
      {"f1_micro", true, [](const Metrics& m) { return m.f1_micro; }},
      {"f1_weighted", true, [](const Metrics& m) { return m.f1_weighted; }},
      {"precision_macro", true, [](const Metrics& m) { return m.precision_macro; }},
      {"recall_macro", true, [](const Metrics& m) { return m.recall_macro; }},
      {"roc_auc", true, [](const Metrics& m) { return m.roc_auc; }},
      {"fpr", false, [](const Metrics& m) { return m.fpr; }},
      {"ece", false, [](const Metrics& m) { return m.ece; }},
      {"adaptive_ece", false, [](const Metrics& m) { return m.adaptive_ece; }},
      {"brier", false, [](const Metrics& m) { return m.brier; }},
      {"nll", false, [](const Metrics& m) { return m.nll; }},
  };
  return table;
}

/// Other names of metrics, such as those of Hugging Face's examples.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {{"f1", "f1_macro"},
                                                                       {"macro_f1", "f1_macro"},
                                                                       {"micro_f1", "f1_micro"},
                                                                       {"weighted_f1", "f1_weighted"},
                                                                       {"precision", "precision_macro"},
                                                                       {"macro_precision", "precision_macro"},
                                                                       {"recall", "recall_macro"},
                                                                       {"macro_recall", "recall_macro"},
                                                                       {"auc", "roc_auc"},
                                                                       {"auroc", "roc_auc"},
                                                                       {"loss", "nll"},
                                                                       {"log_loss", "nll"},
                                                                       {"acc", "accuracy"},
                                                                       {"false_positive_rate", "fpr"}};

Result<const Named*> FindMetric(std::string_view name) {
  const std::optional<std::string_view> canonical = CanonicalMetricName(name);
  for (const Named& entry : Table()) {
    if (canonical && entry.name == *canonical) return &entry;
  }
  std::string known;
  std::vector<std::string> candidates;
  for (const std::string_view metric : MetricNames()) {
    known += (known.empty() ? "" : ", ") + std::string(metric);
    candidates.emplace_back(metric);
  }
  for (const auto& [synonym, metric] : kSynonyms) candidates.emplace_back(synonym);
  return Fail(ErrorCode::kInvalidArgument, "metric '" + std::string(name) + "' is not known",
              DidYouMean(name, candidates, "the metrics are " + known));
}

constexpr int32_t kNoId = -2;  // of a text without a label, which is out of range

std::vector<int32_t> FirstIds(std::span<const std::vector<int32_t>> sets) {
  std::vector<int32_t> ids;
  ids.reserve(sets.size());
  for (const std::vector<int32_t>& set : sets) ids.push_back(set.empty() ? kNoId : set.front());
  return ids;
}

/// Says what texts with unknown labels mean for the metrics.
void NoteUnknown(Metrics& metrics) {
  if (metrics.unknown == 0) return;
  std::string note = std::to_string(metrics.unknown) + " of " + std::to_string(metrics.count) +
                     (metrics.unknown == 1 ? " texts has a label that the model does not have, and counts as an error"
                                           : " texts have labels that the model does not have, and count as errors");
  if (!metrics.multi_label) note += "; brier and nll leave such texts out";
  metrics.notes.insert(metrics.notes.begin(), std::move(note));
}

/// Fills in what follows once every text has been counted, `right` of them as decided entirely as they are labelled.
void Conclude(int64_t right, const ProbabilityMetrics& of_probabilities, const Outcomes& outcomes,
              std::span<const float> probabilities, const std::vector<std::vector<uint8_t>>& has_label,
              const MetricsOptions& options, Metrics& metrics) {
  metrics.accuracy = Ratio(right, metrics.count);
  metrics.accuracy_interval = WilsonInterval(right, metrics.count);
  of_probabilities.Fill(metrics);
  AddLabelMetrics(outcomes, metrics);
  if (options.ranking) AddRanking(probabilities, has_label, metrics);
  AddPositive(metrics);
  metrics.f1_macro_interval = outcomes.BootstrapMacroF1(metrics.multi_label, options.bootstrap_resamples, options.seed);
  NoteUnknown(metrics);
}

}  // namespace

Result<Metrics> ComputeMetrics(std::span<const float> probabilities, std::span<const int32_t> truth,
                               std::span<const std::string> labels, const MetricsOptions& options,
                               std::span<const int32_t> decided) {
  TRY(CheckSizes(probabilities, truth.size(), decided.size(), labels, options.positive_label));
  Metrics metrics = Start(labels, truth.size(), false, options);
  metrics.confusion.assign(labels.size() * labels.size(), 0);
  std::vector<std::vector<uint8_t>> has_label(labels.size(), std::vector<uint8_t>(truth.size(), 0));
  Outcomes outcomes(labels.size());
  ProbabilityMetrics of_probabilities;
  int64_t right = 0;
  for (size_t text = 0; text < truth.size(); ++text) {
    const auto row = probabilities.subspan(text * labels.size(), labels.size());
    const int32_t decided_label = decided.empty() ? DefaultDecision(row, options.positive_label) : decided[text];
    TRY(CheckId(decided_label, labels.size(), text, "decided"));
    outcomes.Add({&truth[text], 1}, {&decided_label, 1});
    if (truth[text] == kUnknownLabelId) {
      ++metrics.unknown;
      of_probabilities.Add(row, labels.size());
      continue;
    }
    TRY(CheckId(truth[text], labels.size(), text, "true"));
    const auto of_truth = static_cast<size_t>(truth[text]);
    has_label[of_truth][text] = 1;
    ++metrics.confusion[of_truth * labels.size() + static_cast<size_t>(decided_label)];
    right += decided_label == truth[text] ? 1 : 0;
    of_probabilities.Add(row, of_truth);
  }
  Conclude(right, of_probabilities, outcomes, probabilities, has_label, options, metrics);
  return metrics;
}

Result<Metrics> ComputeMultiLabelMetrics(std::span<const float> probabilities,
                                         std::span<const std::vector<int32_t>> truth,
                                         std::span<const std::string> labels, const MetricsOptions& options,
                                         std::span<const std::vector<int32_t>> decided) {
  TRY(CheckSizes(probabilities, truth.size(), decided.size(), labels, options.positive_label));
  Metrics metrics = Start(labels, truth.size(), true, options);
  std::vector<std::vector<uint8_t>> has_label(labels.size(), std::vector<uint8_t>(truth.size(), 0));
  Outcomes outcomes(labels.size());
  ProbabilityMetrics of_probabilities;
  int64_t right = 0;
  for (size_t text = 0; text < truth.size(); ++text) {
    const auto row = probabilities.subspan(text * labels.size(), labels.size());
    const auto of_truth = TRY(SortedSet(truth[text], labels.size(), text, "true", true));
    const auto decided_labels =
        decided.empty() ? DefaultSet(row) : TRY(SortedSet(decided[text], labels.size(), text, "decided", false));
    for (const int32_t label : of_truth) {
      if (label >= 0) has_label[static_cast<size_t>(label)][text] = 1;
    }
    metrics.unknown += !of_truth.empty() && of_truth.front() == kUnknownLabelId ? 1 : 0;
    for (size_t label = 0; label < labels.size(); ++label)
      of_probabilities.Add(row[label], has_label[label][text] != 0);
    outcomes.Add(of_truth, decided_labels);
    right += decided_labels == of_truth ? 1 : 0;
  }
  Conclude(right, of_probabilities, outcomes, probabilities, has_label, options, metrics);
  return metrics;
}

Result<Metrics> ComputeMetricsOfSets(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                     std::span<const std::string> labels, bool multi_label,
                                     const MetricsOptions& options, std::span<const std::vector<int32_t>> decided) {
  if (multi_label) return ComputeMultiLabelMetrics(probabilities, truth, labels, options, decided);
  return ComputeMetrics(probabilities, FirstIds(truth), labels, options, FirstIds(decided));
}

std::span<const std::string_view> MetricNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Named& entry : Table()) all.push_back(entry.name);
    return all;
  }();
  return names;
}

std::optional<std::string_view> CanonicalMetricName(std::string_view name) {
  std::string plain(name);
  std::ranges::replace(plain, '-', '_');
  if (plain.starts_with("eval_")) plain.erase(0, 5);
  for (const auto& [synonym, metric] : kSynonyms) {
    if (plain == synonym) return metric;
  }
  for (const std::string_view metric : MetricNames()) {
    if (plain == metric) return metric;
  }
  return std::nullopt;
}

Result<double> MetricByName(const Metrics& metrics, std::string_view name) {
  const Named* entry = TRY(FindMetric(name));
  if (const auto value = entry->value(metrics)) return *value;
  std::string reason;
  for (const std::string& note : metrics.notes) {
    if (note.starts_with(entry->name)) reason = note;
  }
  return Fail(ErrorCode::kInvalidData,
              reason.empty() ? std::string(entry->name) + " is undefined for these data" : reason,
              "specify another metric, such as f1_macro, or evaluate on data with every label");
}

Result<bool> HigherIsBetter(std::string_view name) { return TRY(FindMetric(name))->higher_is_better; }

}  // namespace winnow
