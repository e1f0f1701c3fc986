#include "experiment/confidence_sequence.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

constexpr double kMaxBet = 0.5;

}  // namespace

/// Returns the lower bound of the mean of this side's observations after one more, of which there were `count` before.
double ConfidenceSequence::Side::Add(double x, double count, double bet, double log_level, double total_bets) {
  const double mean = count > 0 ? sum / count : 0;
  loss += (x - mean) * (x - mean) * (-std::log1p(-bet) - bet);
  weighted += bet * x;
  sum += x;
  return (weighted - log_level - loss) / total_bets;
}

void ConfidenceSequence::Add(double x) {
  const auto before = static_cast<double>(count_);
  const double t = before + 1;
  const double log_level = std::log(2 / alpha_);
  // One observation of value 1/2 and variance 1/4 is added, so that there is an estimate before the first observation.
  const double variance = (0.25 + squares_) / t;
  const double bet = std::min(kMaxBet, std::sqrt(2 * log_level / (t * std::log1p(t) * variance)));
  bets_ += bet;
  const double low = low_.Add(x, before, bet, log_level, bets_);
  const double high = 1 - high_.Add(1 - x, before, bet, log_level, bets_);
  const double regularized_mean = (0.5 + low_.sum) / (t + 1);
  squares_ += (x - regularized_mean) * (x - regularized_mean);
  interval_.low = std::max(interval_.low, low);
  interval_.high = std::min(interval_.high, high);
  ++count_;
}

double ConfidenceSequence::mean() const { return count_ > 0 ? low_.sum / static_cast<double>(count_) : 0.5; }

}  // namespace winnow
