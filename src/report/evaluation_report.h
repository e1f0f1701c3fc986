/// All that a report of an evaluation shows, made once and then written as HTML, Markdown and JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "decide/decide.h"
#include "evaluate/curves.h"
#include "evaluate/metrics.h"
#include "evaluate/paired.h"
#include "evaluate/slices.h"

namespace winnow {

/// Who was evaluated.
struct ReportedModel {
  std::string name, bundle, version, kind, base_model, weights;
  int max_length = 0;
  std::optional<ModeThresholds> thresholds;  ///< of a single-label model with a positive label
};

struct ReportedFile {
  std::string path;
  std::string sha256;  ///< as printed by sha256sum; empty if the file cannot be read twice
};

/// The origin of the metrics, and the command that reproduces them.
struct ReportOrigin {
  std::vector<ReportedFile> data;
  std::string filter, mode, timestamp, winnow_version, cpu, extensions, command;
  int folds = 0;        ///< of a cross-validation, else 0
  size_t left_out = 0;  ///< rows whose labels the model doesn't know
  std::vector<std::string> notes;
};

/// The predictions of a model for the texts, from which a report is made.
struct ReportedAnswers {
  std::span<const float> probabilities;  ///< [texts, labels]
  DecidedTexts decided;
  Metrics metrics;
};

struct LabelCurve {
  int32_t label = -1;  ///< -1: all labels together (micro: each pair of text and label is one decision)
  std::vector<RocPoint> roc;
  std::vector<PrecisionRecallPoint> precision_recall;
  std::optional<double> roc_auc, average_precision;
};

/// The results with one threshold of the positive label.
struct ThresholdPoint {
  double threshold = 0;
  int64_t found = 0, false_alarms = 0;
};

struct ModePoint {
  std::string mode;
  ThresholdPoint at;
};

/// Of single-label decisions with a positive label; the score is the one that thresholds are compared with
/// (decide/decide.h): p(positive) / (p(positive) + p(strongest rival)).
struct ThresholdSection {
  int64_t positives = 0, legitimate = 0;
  std::vector<ThresholdPoint> points;  ///< 0, 1/200 ... 1
  std::vector<ModePoint> modes;        ///< none where the thresholds aren't one model's
};

struct SliceGroup {
  std::string by;  ///< "length", "script", "source"
  std::vector<Slice> slices;
};

struct ReportedText {
  std::string text, file;  ///< of a template's segments, divided by kSegmentSeparator
  size_t row = 0;
  std::vector<int32_t> truth, decided;
  double confidence = 0;
  /// The decision of a second model, by name: its labels may have other ids.
  std::vector<std::string> second_decided;
  double second_confidence = 0;
  bool first_right = false;
};

struct ComparedSection {
  ReportedModel model;
  Metrics metrics;
  PairedComparison paired;
  std::optional<LabelCurve> curve;  ///< where the first model has one curve for the same label
  std::vector<ReportedText> texts;  ///< that only one model classified correctly, most confident errors first
};

struct EvaluationReport {
  ReportedModel model;
  ReportOrigin origin;
  Metrics metrics;
  std::vector<std::optional<double>> average_precision;  ///< by label
  std::optional<double> average_precision_macro;         ///< the mean over the labels that have one
  std::vector<LabelCurve> curves;
  std::string curves_note;  ///< which labels' curves these are
  std::vector<ReliabilityBin> reliability;
  std::optional<ThresholdSection> thresholds;
  std::vector<SliceGroup> slices;
  std::vector<ReportedText> errors;  ///< the most confident ones
  int64_t error_count = 0;
  bool with_texts = true;
  std::optional<ComparedSection> against;
};

struct ReportSettings {
  bool with_texts = true;
  size_t most_texts = 50;
  size_t most_points = 200;               ///< per curve
  size_t most_curves = 6;                 ///< of single labels
  size_t most_pairs = 20'000'000;         ///< of texts and labels for the curve of all labels together
  std::vector<std::string> sources = {};  ///< each text's; empty: its file
};

/// The truth and what `decide` makes of each row. Single-label sets have one label per text.
DecidedTexts DecideTexts(const Dataset& dataset, std::span<const float> probabilities, int32_t positive_label,
                         const std::function<Decision(std::span<const float>)>& decide);

/// Fills in all but model, origin and against. `dataset` has the model's labels in its order.
EvaluationReport MakeEvaluationReport(const Dataset& dataset, const ReportedAnswers& answers,
                                      const std::optional<ModeThresholds>& thresholds,
                                      const ReportSettings& settings = {});

/// Adds the second model. `second` was read for its labels and has the same texts in the same order.
void AddComparison(EvaluationReport& report, const Dataset& first, const ReportedAnswers& first_answers,
                   const Dataset& second, const ReportedAnswers& second_answers, ReportedModel model,
                   const ReportSettings& settings = {});

/// report.json: evaluate's document (ReportJson) with model, origin, curves, reliability, thresholds, slices, errors
/// and, where there is a second model, against.
Json EvaluationReportJson(const EvaluationReport& report);

/// The part of it about a second model: {model, figures, paired: [{figure, first, second, difference, interval}],
/// mcnemar, texts}.
Json ComparedJson(const EvaluationReport& report);

/// The comparison with a second model as text for a terminal.
std::string ComparedText(const EvaluationReport& report, size_t most_texts = 10);

}  // namespace winnow
