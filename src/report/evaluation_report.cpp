#include "report/evaluation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace winnow {
namespace {

constexpr int kThresholdSteps = 200;

/// Returns for each text 1 if it has the label, otherwise 0.
std::vector<uint8_t> TruthOf(const DecidedTexts& texts, int32_t label) {
  std::vector<uint8_t> truth(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) truth[i] = std::ranges::binary_search(texts.truth[i], label) ? 1 : 0;
  return truth;
}

ThresholdSweep SweepOf(const ReportedPredictions& predictions, size_t label) {
  return {predictions.probabilities.subspan(label), predictions.metrics.labels.size(),
          TruthOf(predictions.decided, static_cast<int32_t>(label))};
}

LabelCurve CurveOf(const ThresholdSweep& sweep, int32_t label, std::optional<double> roc_auc, size_t most_points) {
  return {.label = label,
          .roc = Thinned(RocCurve(sweep), most_points),
          .precision_recall = Thinned(PrecisionRecallCurve(sweep), most_points),
          .roc_auc = roc_auc,
          .average_precision = AveragePrecision(sweep)};
}

LabelCurve CurveOfLabel(const ReportedPredictions& predictions, size_t label, size_t most_points) {
  return CurveOf(SweepOf(predictions, label), static_cast<int32_t>(label), predictions.metrics.per_class[label].roc_auc,
                 most_points);
}

double AreaUnder(const std::vector<RocPoint>& curve) {
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    area += (curve[i].fpr - curve[i - 1].fpr) * (curve[i].recall + curve[i - 1].recall) / 2;
  }
  return area;
}

LabelCurve CurveOfAll(const ReportedPredictions& predictions, size_t most_points) {
  const size_t labels = predictions.metrics.labels.size();
  std::vector<uint8_t> truth(predictions.probabilities.size());
  for (size_t i = 0; i < predictions.decided.size(); ++i) {
    for (const int32_t label : predictions.decided.truth[i]) {
      if (label >= 0) truth[i * labels + static_cast<size_t>(label)] = 1;
    }
  }
  const ThresholdSweep sweep(predictions.probabilities, 1, truth);
  const std::vector<RocPoint> roc = RocCurve(sweep);
  return CurveOf(sweep, -1, roc.empty() ? std::nullopt : std::optional(AreaUnder(roc)), most_points);
}

/// Two labels have one curve; of more, all together and the labels that are told apart worst.
void AddCurves(const ReportedPredictions& predictions, const ReportSettings& settings, EvaluationReport& report) {
  const Metrics& metrics = predictions.metrics;
  const size_t labels = metrics.labels.size();
  double sum = 0;
  std::vector<size_t> with_curve;
  for (size_t label = 0; label < labels; ++label) {
    report.average_precision.push_back(AveragePrecision(SweepOf(predictions, label)));
    if (!report.average_precision.back()) continue;
    sum += *report.average_precision.back();
    with_curve.push_back(label);
  }
  if (!with_curve.empty()) report.average_precision_macro = sum / static_cast<double>(with_curve.size());
  if (!metrics.multi_label && labels == 2) {
    const size_t label = metrics.positive_label == 0 ? 0 : 1;
    if (report.average_precision[label])
      report.curves.push_back(CurveOfLabel(predictions, label, settings.most_points));
    report.curves_note = metrics.positive_label >= 0 ? "The curves are those of the positive label."
                                                     : "The curves are those of the second label.";
    return;
  }
  const bool all_together = predictions.probabilities.size() <= settings.most_pairs;
  if (all_together) report.curves.push_back(CurveOfAll(predictions, settings.most_points));
  const size_t shown = std::min(with_curve.size(), settings.most_curves);
  std::ranges::stable_sort(with_curve, {}, [&](size_t label) { return *report.average_precision[label]; });
  for (size_t i = 0; i < shown; ++i) {
    report.curves.push_back(CurveOfLabel(predictions, with_curve[i], settings.most_points));
  }
  report.curves_note =
      all_together ? "The curves show all labels together (micro-average: each pair of a text and a label is one "
                     "decision), and "
                   : "There are too many texts and labels for a curve of all labels together. The curves show ";
  report.curves_note +=
      with_curve.size() <= settings.most_curves
          ? "each label against the rest."
          : fmt::format("the {} labels with the lowest average precision, each against the rest.", shown);
}

void AddReliability(const ReportedPredictions& predictions, EvaluationReport& report) {
  const size_t labels = predictions.metrics.labels.size();
  Reliability reliability;
  for (size_t i = 0; i < predictions.decided.size(); ++i) {
    const std::span<const float> row = predictions.probabilities.subspan(i * labels, labels);
    if (!predictions.metrics.multi_label) {
      const auto top = std::ranges::max_element(row);
      reliability.Add(*top, predictions.decided.truth[i].front() == static_cast<int32_t>(top - row.begin()));
      continue;
    }
    for (size_t label = 0; label < labels; ++label) {
      reliability.Add(row[label],
                      std::ranges::binary_search(predictions.decided.truth[i], static_cast<int32_t>(label)));
    }
  }
  report.reliability = reliability.Bins();
}

/// The score that Decide compares with the threshold.
float ThresholdScore(std::span<const float> row, size_t positive) {
  float rival = 0;
  for (size_t label = 0; label < row.size(); ++label) {
    if (label != positive) rival = std::max(rival, row[label]);
  }
  if (row.size() == 2) return row[positive];
  return row[positive] + rival > 0 ? row[positive] / (row[positive] + rival) : 0;
}

void AddThresholds(const ReportedPredictions& predictions, const std::optional<ModeThresholds>& thresholds,
                   EvaluationReport& report) {
  const Metrics& metrics = predictions.metrics;
  if (metrics.multi_label || metrics.positive_label < 0) return;
  const auto positive = static_cast<size_t>(metrics.positive_label);
  const size_t labels = metrics.labels.size();
  std::vector<float> scores;
  scores.reserve(predictions.decided.size());
  for (size_t i = 0; i < predictions.decided.size(); ++i) {
    scores.push_back(ThresholdScore(predictions.probabilities.subspan(i * labels, labels), positive));
  }
  const ThresholdSweep sweep(scores, 1, TruthOf(predictions.decided, metrics.positive_label));
  const auto at = [&](float threshold) {
    const SweepStep step = sweep.At(threshold);
    return ThresholdPoint{.threshold = threshold, .found = step.hits, .false_positives = step.false_positives};
  };
  ThresholdSection section{.positives = sweep.with(), .negatives = sweep.without(), .points = {}, .modes = {}};
  for (int step = 0; step <= kThresholdSteps; ++step) {
    section.points.push_back(at(static_cast<float>(step) / kThresholdSteps));
  }
  if (thresholds) {
    for (const Mode mode : {Mode::kStrict, Mode::kModerate, Mode::kLenient}) {
      section.modes.push_back({.mode = std::string(ModeName(mode)), .at = at(thresholds->At(mode))});
    }
  }
  report.thresholds = std::move(section);
}

void AddSlices(const Dataset& dataset, const ReportedPredictions& predictions, const ReportSettings& settings,
               EvaluationReport& report) {
  std::vector<TextOutcome> outcomes;
  std::vector<std::string_view> texts;
  std::vector<std::string> sources = settings.sources, order;
  const bool by_file = sources.empty();
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    const int32_t positive = predictions.metrics.positive_label;
    outcomes.push_back({.right = predictions.decided.Right(i),
                        .positive = std::ranges::binary_search(predictions.decided.truth[i], positive),
                        .called_positive = std::ranges::binary_search(predictions.decided.decided[i], positive)});
    texts.push_back(dataset.examples[i].text);
    if (by_file) sources.push_back(dataset.examples[i].file);
  }
  const auto add = [&](std::string by, std::span<const std::string> keys) {
    std::vector<Slice> slices = SlicesBy(keys, outcomes, order);
    if (!slices.empty()) report.slices.push_back({.by = std::move(by), .slices = std::move(slices)});
    order.clear();
  };
  const std::vector<std::string> lengths = LengthKeys(texts, order);
  add("length", lengths);
  add("script", ScriptKeys(texts));
  add(by_file ? "file" : "source", sources);
}

ReportedText ShownOf(const Example& example, const DecidedTexts& texts, size_t i, double confidence, bool with_text) {
  return {.text = with_text ? example.text : "",
          .file = example.file,
          .row = example.row,
          .truth = texts.truth[i],
          .decided = texts.decided[i],
          .unknown_labels = example.unknown_labels,
          .confidence = confidence,
          .second_decided = {},
          .second_confidence = 0,
          .first_right = texts.Right(i)};
}

/// Returns the confidence of the model in a wrong decision; multi-label: in what is wrong about the label that is most
/// wrong.
double ConfidenceInError(const ReportedPredictions& predictions, size_t i) {
  const DecidedTexts& texts = predictions.decided;
  if (!texts.multi_label) return texts.confidence[i];
  const std::span<const float> row = predictions.probabilities.subspan(i * texts.labels, texts.labels);
  double most = 0;
  for (size_t label = 0; label < texts.labels; ++label) {
    const bool has = std::ranges::binary_search(texts.truth[i], static_cast<int32_t>(label));
    const bool decided = std::ranges::binary_search(texts.decided[i], static_cast<int32_t>(label));
    if (has != decided) most = std::max(most, static_cast<double>(decided ? row[label] : 1 - row[label]));
  }
  return most;
}

void AddErrors(const Dataset& dataset, const ReportedPredictions& predictions, const ReportSettings& settings,
               EvaluationReport& report) {
  std::vector<std::pair<double, size_t>> wrong;
  for (size_t i = 0; i < predictions.decided.size(); ++i) {
    if (!predictions.decided.Right(i)) wrong.emplace_back(ConfidenceInError(predictions, i), i);
  }
  report.error_count = static_cast<int64_t>(wrong.size());
  std::ranges::stable_sort(wrong, std::greater<>(), &std::pair<double, size_t>::first);
  wrong.resize(std::min(wrong.size(), settings.most_texts));
  for (const auto& [confidence, i] : wrong) {
    report.errors.push_back(ShownOf(dataset.examples[i], predictions.decided, i, confidence, settings.with_texts));
  }
}

}  // namespace

DecidedTexts DecideTexts(const Dataset& dataset, std::span<const float> probabilities, int32_t positive_label,
                         const std::function<Decision(std::span<const float>)>& decide) {
  const size_t labels = dataset.labels.size();
  DecidedTexts texts{.labels = labels, .positive_label = positive_label, .multi_label = dataset.multi_label};
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    const Decision decision = decide(probabilities.subspan(i * labels, labels));
    texts.truth.push_back(dataset.examples[i].labels);
    texts.decided.push_back(dataset.multi_label ? decision.labels : std::vector<int32_t>{decision.label});
    texts.confidence.push_back(decision.confidence);
  }
  return texts;
}

EvaluationReport MakeEvaluationReport(const Dataset& dataset, const ReportedPredictions& predictions,
                                      const std::optional<ModeThresholds>& thresholds, const ReportSettings& settings) {
  EvaluationReport report;
  report.metrics = predictions.metrics;
  report.with_texts = settings.with_texts;
  report.majority = MajorityOf(predictions.decided.truth);
  AddCurves(predictions, settings, report);
  AddReliability(predictions, report);
  AddThresholds(predictions, thresholds, report);
  AddSlices(dataset, predictions, settings, report);
  AddErrors(dataset, predictions, settings, report);
  return report;
}

void AddComparison(EvaluationReport& report, const Dataset& first, const ReportedPredictions& first_predictions,
                   const Dataset& second, const ReportedPredictions& second_predictions, ReportedModel model,
                   const ReportSettings& settings) {
  PairedOptions options;
  auto next = static_cast<int32_t>(first.labels.names.size());
  for (const std::string& name : second.labels.names) {
    const int id = first.labels.Find(name);
    options.first_id_of_second.push_back(id >= 0 ? id : next++);
  }
  ComparedSection section{.model = std::move(model),
                          .metrics = second_predictions.metrics,
                          .majority = MajorityOf(second_predictions.decided.truth),
                          .paired = ComparePaired(first_predictions.decided, second_predictions.decided, options),
                          .curve = {},
                          .texts = {}};
  for (size_t n = 0; n < std::min(section.paired.differing.size(), settings.most_texts); ++n) {
    const size_t i = section.paired.differing[n];
    ReportedText shown = ShownOf(first.examples[i], first_predictions.decided, i,
                                 first_predictions.decided.confidence[i], settings.with_texts);
    for (const int32_t label : second_predictions.decided.decided[i]) {
      shown.second_decided.push_back(second.labels.names[static_cast<size_t>(label)]);
    }
    shown.second_confidence = second_predictions.decided.confidence[i];
    section.texts.push_back(std::move(shown));
  }
  if (report.curves.size() == 1 && report.curves.front().label >= 0) {
    const int label = second.labels.Find(first.labels.names[static_cast<size_t>(report.curves.front().label)]);
    if (label >= 0) section.curve = CurveOfLabel(second_predictions, static_cast<size_t>(label), settings.most_points);
  }
  report.against = std::move(section);
}

}  // namespace winnow
