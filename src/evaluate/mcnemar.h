/// McNemar's test (1947): do two models that answered the same texts differ in how often they are right? Only the texts
/// count that one of them got right and the other wrong.
#pragma once

#include <cstdint>

namespace winnow {

struct McNemar {
  int64_t only_first = 0;   ///< texts that the first model alone got right
  int64_t only_second = 0;  ///< texts that the second alone got right
  /// Two-sided, exact: were both models equally good, each of those texts would be a fair coin's. 1 without any.
  double p_value = 1;
  /// The classical approximation with Edwards' correction (1948), (|b - c| - 1)^2 / (b + c), chi-squared with one
  /// degree of freedom: for those who compare with other tools. 0 without any.
  double chi_squared = 0;
};

/// Counts of at least 0. Costs time in the smaller count.
McNemar McNemarTest(int64_t only_first, int64_t only_second);

}  // namespace winnow
