/// All checks of a data set's quality: `winnow data doctor`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "doctor/duplicate_findings.h"
#include "doctor/findings.h"

namespace winnow {

struct DoctorOptions {
  double near = 0.8;  ///< Jaccard's similarity from which texts are near duplicates
  int folds = 5;
  uint64_t seed = 42;
  /// Minimum share of the texts that is listed with labels in doubt, label errors included, as far as the model
  /// considers another label more probable.
  double suspects = 0.06;
};

struct DataQualityReport {
  size_t texts = 0;
  std::array<size_t, 3> part_sizes{};  ///< number of texts by DataPart
  size_t labels = 0;
  bool multi_label = false;
  std::vector<Finding> findings;  ///< all findings, sorted by SortFindings
  size_t judged = 0;              ///< number of texts whose labels were judged
  /// Number of texts whose label is an error according to confident learning; they are part of the findings.
  size_t label_errors = 0;
  std::optional<double> agreement;  ///< share of judged labels that the model agrees with
  std::string not_judged;           ///< reason why no labels, or not all, were judged; empty if all were
};

/// Receives the name of a task and its number of steps; the function that it returns is called with the number of
/// completed steps.
using DoctorProgress = std::function<std::function<void(size_t)>(std::string_view work, size_t steps)>;

/// Checks a data set. `parts` are [texts]. Equal input, options and numbers of threads give equal findings. Errors:
/// FindDuplicates', TrainLinear's; kCancelled. If the labels of the set cannot be judged, `not_judged` contains the
/// reason; this is not an error.
Result<DataQualityReport> CheckDataQuality(const Dataset& dataset, const std::vector<DataPart>& parts,
                                           const DoctorOptions& options, ThreadPool& pool,
                                           const DoctorProgress& progress = {});

/// Returns the counts followed by the worst findings of each kind, in at most 100 columns. Control characters in texts
/// are escaped.
std::string DataQualityText(const DataQualityReport& report, const Dataset& dataset);

/// Returns {texts, labels, parts, counts: {kind: number}, label_errors: {...}, findings: [{kind, file, line, label,
/// suggested, score, note}]}.
Json DataQualityJson(const DataQualityReport& report, const Dataset& dataset);

}  // namespace winnow
