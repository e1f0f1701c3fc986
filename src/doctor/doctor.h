/// All that is odd about a data set: `winnow data doctor`.
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
  /// At least this share of the texts is listed with its label in doubt, beside the errors, as far as the model thinks
  /// another label more probable.
  double suspects = 0.06;
};

struct DataQualityReport {
  size_t texts = 0;
  std::array<size_t, 3> part_sizes{};  ///< by Part
  size_t labels = 0;
  bool multi_label = false;
  std::vector<Finding> findings;    ///< sorted
  size_t judged = 0;                ///< texts whose labels were judged
  size_t label_errors = 0;          ///< texts whose label confident learning counts as an error; part of the findings
  std::optional<double> agreement;  ///< share of judged labels that the model agrees with
  std::string not_judged;           ///< why no label, or not all, was judged; empty otherwise
};

/// Progress: called with the name and the number of steps of a task; the returned function is called with the steps
/// done.
using DoctorProgress = std::function<std::function<void(size_t)>(std::string_view work, size_t steps)>;

/// `parts`: [texts]. The same input, options and threads give the same findings. Errors: FindDuplicates',
/// TrainLinear's; kCancelled. A set whose labels can't be judged is no error: `not_judged` says why.
Result<DataQualityReport> CheckDataQuality(const Dataset& dataset, const std::vector<Part>& parts,
                                           const DoctorOptions& options, ThreadPool& pool,
                                           const DoctorProgress& progress = {});

/// Counts first, then the worst of each kind. At most 100 columns; a terminal does not obey what texts hold.
std::string DataQualityText(const DataQualityReport& report, const Dataset& dataset);

/// {texts, labels, parts, counts: {kind: number}, label_errors: {...}, findings: [{kind, file, line, label, suggested,
/// score, note}]}.
Json DataQualityJson(const DataQualityReport& report, const Dataset& dataset);

}  // namespace winnow
