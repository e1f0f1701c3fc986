/// A confidence sequence: an interval for the mean of a bounded variable that contains the mean after every observation
/// at once, with a probability of at least 1 - alpha, so that it may be looked at as often as one likes.
#pragma once

#include <cstdint>

namespace winnow {

struct MeanInterval {
  double low = 0, high = 1;
};

/// The empirical-Bernstein confidence sequence with predictable plug-in bets of Waudby-Smith and Ramdas, "Estimating
/// means of bounded random variables by betting", JRSS B 86 (2024), arXiv:2010.09686, Theorem 2. The state is constant
/// in size. Two one-sided sequences at alpha/2 are intersected with all their earlier values, as in
/// predmix_empbern_twosided_cs(x, alpha, truncation=1/2, running_intersection=True) of the authors' package confseq.
class ConfidenceSequence {
 public:
  explicit ConfidenceSequence(double alpha = 0.05) : alpha_(alpha) {}

  /// Adds an observation between 0 and 1.
  void Add(double x);

  int64_t count() const { return count_; }
  /// Returns the mean of the observations; one half if there are none.
  double mean() const;
  MeanInterval interval() const { return interval_; }

 private:
  /// The weighted sums of one side: of the observations, or of 1 minus the observations.
  struct Side {
    double sum = 0;       ///< sum of the observations
    double weighted = 0;  ///< sum of the observations times their bets
    double loss = 0;      ///< sum of the squared deviations times psi(bet)
    double Add(double x, double count, double bet, double log_level, double total_bets);
  };

  double alpha_;
  int64_t count_ = 0;
  double bets_ = 0;     ///< sum of all bets
  double squares_ = 0;  ///< sum of squared deviations from the regularized mean
  Side low_, high_;
  MeanInterval interval_;
};

}  // namespace winnow
