/// The contents of an evaluation report, computed once and then written as HTML, Markdown and JSON.
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
#include "report/verdict.h"

namespace winnow {

/// The evaluated model.
struct ReportedModel {
  std::string name, bundle, version, kind, base_model, weights;
  int max_length = 0;
  std::optional<ModeThresholds> thresholds;  ///< decision thresholds of a single-label model with a positive label
};

struct ReportedFile {
  std::string path;
  std::string sha256;  ///< digest as printed by sha256sum; empty if the file cannot be read twice
};

/// The origin of the metrics, and the command that reproduces them.
struct ReportOrigin {
  std::vector<ReportedFile> data;
  std::string filter, mode, timestamp, winnow_version, cpu, extensions, command;
  int folds = 0;        ///< number of folds of a cross-validation, otherwise 0
  size_t left_out = 0;  ///< number of rows that were dropped because the model does not know their labels
  std::vector<std::string> notes;
};

/// The predictions of a model for the texts, from which a report is made.
struct ReportedPredictions {
  std::span<const float> probabilities;  ///< [texts, labels]
  DecidedTexts decided;
  Metrics metrics;
};

struct LabelCurve {
  int32_t label = -1;  ///< label id; -1: all labels together (micro: each pair of text and label is one decision)
  std::vector<RocPoint> roc;
  std::vector<PrecisionRecallPoint> precision_recall;
  std::optional<double> roc_auc, average_precision;
};

/// The results with one threshold of the positive label.
struct ThresholdPoint {
  double threshold = 0;
  int64_t found = 0, false_positives = 0;
};

struct ModePoint {
  std::string mode;
  ThresholdPoint at;
};

/// Results of single-label decisions with a positive label, by decision threshold. The score is the one that thresholds
/// are compared with (decide/decide.h): p(positive) / (p(positive) + p(strongest rival)).
struct ThresholdSection {
  int64_t positives = 0, negatives = 0;
  std::vector<ThresholdPoint> points;  ///< results for the thresholds 0, 1/200 ... 1
  /// Results of the modes; empty if the decisions are not those of one model's thresholds.
  std::vector<ModePoint> modes;
};

struct SliceGroup {
  std::string by;  ///< property that defines the slices: "length", "script", "source"
  std::vector<Slice> slices;
};

struct ReportedText {
  /// Text, in which segments of a template are divided by kSegmentSeparator, and the path of its file.
  std::string text, file;
  size_t row = 0;
  std::vector<int32_t> truth, decided;
  /// Names of true labels that the model does not have, for which `truth` contains kUnknownLabelId.
  std::vector<std::string> unknown_labels;
  double confidence = 0;
  /// Labels that the second model decided, by name, since its labels may have other ids.
  std::vector<std::string> second_decided;
  double second_confidence = 0;
  bool first_right = false;
};

struct ComparedSection {
  ReportedModel model;
  Metrics metrics;
  MajorityBaseline majority;  ///< by the label ids of this model
  PairedComparison paired;
  std::optional<LabelCurve> curve;  ///< second model's curve, if the first model has one curve for the same label
  std::vector<ReportedText> texts;  ///< texts that only one model classified correctly, most confident errors first
};

struct EvaluationReport {
  ReportedModel model;
  ReportOrigin origin;
  Metrics metrics;
  MajorityBaseline majority;
  std::vector<std::optional<double>> average_precision;  ///< average precision by label id
  std::optional<double> average_precision_macro;         ///< mean over the labels that have an average precision
  std::vector<LabelCurve> curves;
  std::string curves_note;  ///< sentence that says which labels have curves
  std::vector<ReliabilityBin> reliability;
  std::optional<ThresholdSection> thresholds;
  std::vector<SliceGroup> slices;
  std::vector<ReportedText> errors;  ///< the most confident errors
  int64_t error_count = 0;
  bool with_texts = true;
  std::optional<ComparedSection> against;
};

struct ReportSettings {
  bool with_texts = true;
  size_t most_texts = 50;
  size_t most_points = 200;        ///< maximum number of points per curve
  size_t most_curves = 6;          ///< maximum number of curves of single labels
  size_t most_pairs = 20'000'000;  ///< maximum number of pairs of text and label for the curve of all labels together
  std::vector<std::string> sources = {};  ///< source of each text; empty: the file of the text
};

/// Returns the true labels and the decision of `decide` for each row. Single-label sets have one label per text.
DecidedTexts DecideTexts(const Dataset& dataset, std::span<const float> probabilities, int32_t positive_label,
                         const std::function<Decision(std::span<const float>)>& decide);

/// Computes a report except for model, origin and against. `dataset` has the model's labels in its order.
EvaluationReport MakeEvaluationReport(const Dataset& dataset, const ReportedPredictions& predictions,
                                      const std::optional<ModeThresholds>& thresholds,
                                      const ReportSettings& settings = {});

/// Adds the second model to a report. `second` was read for its labels and has the same texts in the same order.
void AddComparison(EvaluationReport& report, const Dataset& first, const ReportedPredictions& first_predictions,
                   const Dataset& second, const ReportedPredictions& second_predictions, ReportedModel model,
                   const ReportSettings& settings = {});

/// Returns report.json: evaluate's document (ReportJson) with model, origin, curves, reliability, thresholds, slices,
/// errors and, if there is a second model, against.
Json EvaluationReportJson(const EvaluationReport& report);

/// Returns the part of report.json about a second model: {model, figures, paired: [{figure, first, second, difference,
/// interval}], mcnemar, texts}.
Json ComparedJson(const EvaluationReport& report);

/// Returns the comparison with a second model as text for a terminal.
std::string ComparedText(const EvaluationReport& report, size_t most_texts = 10);

}  // namespace winnow
