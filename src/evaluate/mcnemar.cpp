#include "evaluate/mcnemar.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace winnow {

McNemar McNemarTest(int64_t only_first, int64_t only_second) {
  McNemar test{.only_first = only_first, .only_second = only_second};
  const int64_t n = only_first + only_second, least = std::min(only_first, only_second);
  if (n == 0) return test;
  // Twice the binomial distribution's lower tail, as statsmodels' mcnemar(exact=True). Summed from its largest term
  // down, as shares of that, since 2^-n alone is no double for n over 1074.
  const auto trials = static_cast<double>(n), fewer = static_cast<double>(least);
  const double largest =
      std::lgamma(trials + 1) - std::lgamma(fewer + 1) - std::lgamma(trials - fewer + 1) - trials * std::log(2.0);
  double term = 1, sum = 1;
  for (auto k = fewer; k > 0 && term > 1e-18 * sum; --k) {
    term *= k / (trials - k + 1);
    sum += term;
  }
  test.p_value = std::min(1.0, 2 * std::exp(largest + std::log(sum)));
  const double gap = std::max(0.0, static_cast<double>(std::abs(only_first - only_second)) - 1);
  test.chi_squared = gap * gap / trials;
  return test;
}

}  // namespace winnow
