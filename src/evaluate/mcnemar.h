/// McNemar's test (1947) of the hypothesis that two models classify the same texts equally well. Only the texts count
/// that exactly one of the models classified correctly.
#pragma once

#include <cstdint>

namespace winnow {

struct McNemar {
  int64_t only_first = 0;   ///< number of texts that only the first model classified correctly
  int64_t only_second = 0;  ///< number of texts that only the second model classified correctly
  /// Two-sided, exact: if the models were equally good, each of those texts would be decided like a coin flip. 1
  /// without such texts.
  double p_value = 1;
  /// The classical approximation with Edwards' correction (1948), (|b - c| - 1)^2 / (b + c), chi-squared with one
  /// degree of freedom, for comparison with other tools. 0 without such texts.
  double chi_squared = 0;
};

/// Performs the test for counts of at least 0, in time proportional to the smaller count.
McNemar McNemarTest(int64_t only_first, int64_t only_second);

}  // namespace winnow
