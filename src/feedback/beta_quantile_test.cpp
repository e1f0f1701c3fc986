#include "feedback/beta_quantile.h"

#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

struct Quantile {
  double a, b, p, x;
};

// scipy.stats.beta.ppf of SciPy 1.17.1.
constexpr Quantile kQuantiles[] = {
    {1, 1, 0.1, 0.1},
    {2, 1, 0.1, 0.31622776601683794},
    {7, 1, 0.1, 0.719685673001152},
    {7, 2, 0.1, 0.5937545062790737},
    {6, 3, 0.1, 0.4617846034823217},
    {1, 7, 0.1, 0.014938794558884505},
    {50, 3, 0.1, 0.9008735232627163},
    {1000, 10, 0.1, 0.9859570529219093},
    {0.5, 0.5, 0.025, 0.001541333133436012},
    {3.25, 120.75, 0.975, 0.06060105915813424},
    {20000, 30000, 0.1, 0.3971931281307809},
    {100000.0, 2, 0.1, 0.9999611037492641},
    {1, 100000.0, 0.1, 1.053604601536545e-06},
    {2, 3, 0.5, 0.3857275681323895},
};

// scipy.special.betainc.
constexpr Quantile kDistribution[] = {
    {1, 1, 0.3, 0.3},
    {2, 3, 0.26171875, 0.25},
    {0.5, 0.5, 0.7951672353008665, 0.9},
    {10, 1, 0.9900448802097482, 0.999},
    {120, 80, 0.49615829847575244, 0.6},
    {10000.0, 20000.0, 0.4517928423809046, 0.333},
    {5, 200, 2.374891515008514e-06, 0.001},
    {100000.0, 100000.0, 0.6726394155565634, 0.5005},
    {3, 0.2, 0.47624542913377227, 0.99},
};

TEST(BetaQuantile, EqualsSciPys) {
  for (const auto& [a, b, p, x] : kQuantiles) EXPECT_NEAR(BetaQuantile(a, b, p) / x, 1, 1e-9) << a << " " << b;
}

TEST(IncompleteBeta, EqualsSciPys) {
  for (const auto& [a, b, p, x] : kDistribution) EXPECT_NEAR(IncompleteBeta(a, b, x) / p, 1, 1e-9) << a << " " << b;
}

TEST(BetaQuantile, HasItsBounds) {
  EXPECT_EQ(BetaQuantile(2, 3, 0), 0);
  EXPECT_EQ(BetaQuantile(2, 3, 1), 1);
  EXPECT_EQ(IncompleteBeta(2, 3, 0), 0);
  EXPECT_EQ(IncompleteBeta(2, 3, 1), 1);
}

}  // namespace
}  // namespace winnow
