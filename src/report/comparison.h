/// Comparison of models on the same labelled texts, as a table for people and as JSON for machines.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "evaluate/latency.h"
#include "evaluate/metrics.h"

namespace winnow {

struct ComparedModel {
  std::string name;    ///< name, unique within a comparison
  std::string bundle;  ///< directory of the bundle
  /// Reason why the model was not evaluated; the members below are then not filled in.
  std::optional<Error> error = {};

  std::string version = {};     ///< version in the manifest
  std::string kind = {};        ///< kind in the manifest, such as "transformer"
  std::string base_model = {};  ///< base model, or the architecture; may be empty
  std::string weights = {};     ///< weights in use (BundleClassifier::weights())
  Metrics metrics = {};
  LatencySummary single = {};  ///< time of classifying one text at a time, in milliseconds
  double size_mb = 0;          ///< size of the bundle (BundleMegabytes)
  /// Number of rows that were dropped, because the model does not know their labels; they are not in its metrics.
  size_t left_out = 0;
  std::map<std::string, size_t> unknown_labels = {};  ///< number of rows with unknown labels by label

  int64_t rows() const { return metrics.count + static_cast<int64_t>(left_out); }
};

struct Comparison {
  std::string timestamp;  ///< time of the comparison: ISO 8601, UTC
  std::string data;       ///< path of the data file
  std::string data_sha256;
  std::string part = {};  ///< "test": the part that trainings on this data hold out; empty: all rows
  std::string filter;     ///< filter of the rows; empty: none
  std::string mode;       ///< mode whose thresholds were used
  int threads = 0;
  std::vector<ComparedModel> models;

  /// Returns the number of labelled rows in the data.
  int64_t rows() const;
};

/// Sorts the models: by decreasing macro-F1, then by decreasing accuracy, increasing size, and name; models that were
/// not evaluated are last.
void Rank(Comparison& comparison);

/// Returns the first model of a ranked comparison among those that were measured on the most rows, since a model that
/// knows only some of the labels has had the easier texts. Null if no model was evaluated.
const ComparedModel* BestOf(const Comparison& comparison);

/// Returns tables of at most 100 columns, lines ended by \n: the metrics with Wilson's interval of the accuracy, the
/// best model marked by a star; the F1 of each label if the models have at most six different labels; and the models
/// that were not evaluated, with the reasons. Control characters in names are escaped.
std::string ComparisonText(const Comparison& comparison);

/// Returns {timestamp, data, data_sha256, filter, rows, mode, threads, cpu, extensions, version, best, models: [...]}.
/// A model has name, bundle, version, kind, base_model, weights, ms_per_text (the median), ms_p95, size_mb, left_out,
/// unknown_labels and all of evaluate's document (ReportJson); or name, bundle and error {message, hint}.
Json ComparisonJson(const Comparison& comparison);

}  // namespace winnow
