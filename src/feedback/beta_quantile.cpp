/// The continued fraction of NIST's Digital Library of Mathematical Functions, 8.17.22, evaluated by Lentz's method as
/// modified by Thompson and Barnett (1986, "Coulomb and Bessel functions of complex arguments and order", section
/// III.A). It converges fast for x < (a + 1) / (a + b + 2); the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) gives the rest.
#include "feedback/beta_quantile.h"

#include <math.h>

#include <cmath>

namespace winnow {
namespace {

/// lgamma without the sign, which std::lgamma stores in a global variable.
double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double ContinuedFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto not_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  // The number of terms grows with the square root of a and b.
  for (int m = 1; m < 100000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

}  // namespace

double IncompleteBeta(double a, double b, double x) {
  if (!(x > 0)) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * ContinuedFraction(a, b, x) / a;
  return 1 - front * ContinuedFraction(b, a, 1 - x) / b;
}

double BetaQuantile(double a, double b, double p) {
  if (!(p > 0)) return 0;
  if (p >= 1) return 1;
  double low = 0, high = 1;
  // Bisection halves the error each time; 60 steps reach the precision of double near 1/2, further ones that of small
  // quantiles.
  for (int step = 0; step < 200 && high - low > 1e-16 * high; ++step) {
    const double middle = (low + high) / 2;
    (IncompleteBeta(a, b, middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace winnow
