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
  Dataset dataset;  ///< data set with the model's labels, in its order
  std::vector<float> probabilities;
  DecidedTexts decided;
  Metrics metrics;
  size_t left_out = 0;              ///< number of rows that were dropped because the model does not know their labels
  std::vector<char> rejected = {};  ///< [texts] whether the text is out of scope; empty for a model without a rule

  ReportedPredictions predictions() const { return {probabilities, decided, metrics}; }
};

/// Classifies the texts. Errors: EvaluateClassifier's; BundleClassifier::CheckOptions'.
Result<MeasuredModel> MeasureOnTexts(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                                     Dataset dataset, const ClassifyOptions& options);

/// The predictions of a cross-validation: each text was classified by the model that had not been trained on it.
struct FoldPredictions {
  Dataset dataset;                            ///< all texts, fold by fold
  std::vector<float> probabilities;           ///< [texts, labels]
  std::vector<std::vector<int32_t>> decided;  ///< [texts] decided labels; single-label: one each
  Metrics pooled;                             ///< metrics on all texts
};

/// Makes a measured model of a cross-validation. `bundle` is the one whose configuration was trained on the folds.
/// Errors: ReadManifest's.
Result<MeasuredModel> MeasuredOfFolds(const std::filesystem::path& bundle, FoldPredictions folds);

/// Keeps only texts that are in both sets, with labels of equal names, in the order of the first set. Texts are
/// identified by file and row, since templates may differ. Returns the number of rows that were removed from the first
/// set. Errors: kInvalidData if no text is left.
Result<size_t> KeepCommonTexts(Dataset& first, Dataset& second);

}  // namespace winnow
