/// Models side by side: what each one got of the same labelled texts, as a table for people and as JSON for machines.
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
  std::string name;    ///< no two of a comparison are the same
  std::string bundle;  ///< its directory
  /// Why it was not evaluated: then nothing below is filled.
  std::optional<Error> error = {};

  std::string version = {};     ///< the manifest's
  std::string kind = {};        ///< "transformer"
  std::string base_model = {};  ///< the model it was trained from, or its architecture; may be empty
  std::string weights = {};     ///< BundleClassifier::weights()
  Metrics metrics = {};
  LatencySummary single = {};  ///< milliseconds of one text at a time, text to decision
  double size_mb = 0;          ///< BundleMegabytes
  size_t left_out = 0;         ///< rows with labels that the model doesn't know, on which it is not measured
  std::map<std::string, size_t> unknown_labels = {};  ///< of those rows

  int64_t rows() const { return metrics.count + static_cast<int64_t>(left_out); }
};

struct Comparison {
  std::string timestamp;  ///< ISO 8601, UTC
  std::string data;       ///< the file
  std::string data_sha256;
  std::string filter;  ///< of its rows, or empty
  std::string mode;    ///< whose thresholds decided
  int threads = 0;
  std::vector<ComparedModel> models;

  /// Labelled rows that the data have for the models.
  int64_t rows() const;
};

/// Puts the models in order: the highest macro-F1 first, among equals the higher accuracy, the smaller size, the name;
/// those that were not evaluated last.
void Rank(Comparison& comparison);

/// The first of a ranked comparison's models that were measured on the most rows: one that knows only some of the
/// labels has had the easier texts, and does not win by them. Null where none was evaluated.
const ComparedModel* BestOf(const Comparison& comparison);

/// Tables of at most 100 columns, lines ended by \n: the figures with Wilson's interval of the accuracy, the best model
/// marked by a star; each label's F1 where the models have at most six between them; what was not evaluated, and why.
/// Names are shown so that a terminal does not obey them.
std::string ComparisonText(const Comparison& comparison);

/// {timestamp, data, data_sha256, filter, rows, mode, threads, cpu, extensions, version, best, models: [...]}. A model
/// has name, bundle, version, kind, base_model, weights, ms_per_text (the median), ms_p95, size_mb, left_out,
/// unknown_labels and all of evaluate's document (ReportJson); or name, bundle and error {message, hint}.
Json ComparisonJson(const Comparison& comparison);

}  // namespace winnow
