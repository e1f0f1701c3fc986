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
  int64_t texts = 0;  ///< trained on
  double seconds = 0;
  Metrics metrics = {};
  std::vector<uint8_t> right = {};  ///< [test texts] whether it was decided as it is labelled
};

struct DataCurve {
  int64_t available = 0;   ///< texts to train on
  int64_t validation = 0;  ///< texts
  std::vector<DataCurvePoint> points;
};

/// The sizes of training parts, ascending, each once. `wanted`: numbers of texts, or, up to 1, shares of `available`;
/// empty: halves of all down to about 50 texts or two a label, seven at most. Errors: kInvalidArgument for a size that
/// is no number of texts that there are.
Result<std::vector<size_t>> CurveSizes(std::span<const std::string> wanted, size_t available, size_t labels);

/// How two models' answers to the same texts differ.
struct Change {
  int64_t better = 0, worse = 0;  ///< right from wrong, and wrong from right
  /// Whether the difference is significant at the 5 % level: McNemar's test (1947).
  bool beyond_chance = false;
};
Change ChangeBetween(std::span<const uint8_t> before, std::span<const uint8_t> after);

}  // namespace winnow
