/// The predictions of a model for each text of a labelled set, from which a report is made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "report/evaluation_report.h"

namespace winnow {

/// The predictions of one model for the texts of a set, and the metrics of them.
struct MeasuredModel {
  ReportedModel about;
  Dataset dataset;  ///< with the model's labels, in its order
  std::vector<float> probabilities;
  DecidedTexts decided;
  Metrics metrics;
  size_t left_out = 0;  ///< rows with labels that the model doesn't know

  ReportedAnswers answers() const { return {probabilities, decided, metrics}; }
};

/// Classifies the texts. Errors: EvaluateClassifier's.
Result<MeasuredModel> MeasureOnTexts(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                                     Dataset dataset, Mode mode);

/// The predictions of a cross-validation: each text was classified by the model that had not been trained on it.
struct FoldPredictions {
  Dataset dataset;                            ///< all texts, fold by fold
  std::vector<float> probabilities;           ///< [texts, labels]
  std::vector<std::vector<int32_t>> decided;  ///< [texts] of a multi-label set: the decided labels
  Metrics pooled;                             ///< of all texts
};

/// `bundle` is the one whose configuration was trained on the folds. Errors: ReadManifest's.
Result<MeasuredModel> MeasuredOfFolds(const std::filesystem::path& bundle, FoldPredictions folds);

/// Leaves those texts in each set that the other has too, with labels of the same names, in the order of the first set.
/// Texts are known by file and row, since templates may differ. Returns how many rows were left out of the first set.
/// Errors: kInvalidData if no text is left.
Result<size_t> KeepCommonTexts(Dataset& first, Dataset& second);

}  // namespace winnow
