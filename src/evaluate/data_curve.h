/// Metrics as a function of the number of training texts, all measured on one test part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "evaluate/metrics.h"

namespace winnow {

struct DataCurvePoint {
  int64_t texts = 0;  ///< number of training texts
  double seconds = 0;
  Metrics metrics = {};
  std::vector<uint8_t> right = {};  ///< [test texts] 1 if the decision for the text is right
};

struct DataCurve {
  int64_t available = 0;   ///< number of available training texts
  int64_t validation = 0;  ///< number of validation texts
  std::vector<DataCurvePoint> points;
};

/// Returns the sizes of the training parts, ascending, each once. `wanted` are numbers of texts or, up to 1, shares of
/// `available`; empty: halves of all texts down to about 50 texts or two per label, seven sizes at most. Errors:
/// kInvalidArgument for a size that is not a number of available texts.
Result<std::vector<size_t>> CurveSizes(std::span<const std::string> wanted, size_t available, size_t labels);

/// The difference between two models' predictions for the same texts.
struct Change {
  int64_t better = 0, worse = 0;  ///< number of texts that changed from wrong to right, and from right to wrong
  /// True if the difference is significant at the 5 % level: McNemar's test (1947).
  bool beyond_chance = false;
  /// The upper end of the 95 % interval of the gain of accuracy (Agresti and Min 2005, "Simple improved confidence
  /// intervals for comparing matched proportions": half a text is added to each of the four outcomes).
  double most_gain = 1;
};
Change ChangeBetween(std::span<const uint8_t> before, std::span<const uint8_t> after);

}  // namespace winnow
