/// The sequential test of an experiment: does a stream of zeros and ones contain too many ones?
///
/// Each observation X_t is 1 if it belongs to the candidate: the reporter is a user of the candidate's arm, or the
/// candidate was wrong about the labelled message. The hypothesis is that X_t is 1 with a probability of at most pi_t
/// (of at least pi_t in the test of the other direction). The test bets against it: with S the ones so far,
///
///     q_t = max(pi_t, (a pi_t + S_{t-1}) / (a + t - 1))       (min in the other direction)
///     E_t = E_{t-1} * (q_t / pi_t if X_t = 1, (1 - q_t) / (1 - pi_t) otherwise),     E_0 = 1.
///
/// q_t depends on earlier observations alone, and the mean of the factor is at most 1 under the hypothesis, so that E
/// is a nonnegative supermartingale. By Ville's inequality it ever reaches 1/alpha with a probability of at most alpha,
/// however often somebody looks: the decision "E >= 1/alpha" may be checked after every observation. The plug-in bet
/// q_t is that of a Beta prior with the strength of `a` observations; sequential tests of this kind for the counts of
/// arms are those of Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022,
/// arXiv:2011.03567.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace winnow {

enum class TestDirection : uint8_t {
  kTooManyOnes,  ///< the hypothesis is a probability of at most pi
  kTooFewOnes,   ///< the hypothesis is a probability of at least pi
};

/// The state: two numbers and a count, kept in the store as they are. E is kept as its logarithm, so that it neither
/// overflows nor vanishes, however many observations there are.
class SequentialTest {
 public:
  explicit SequentialTest(TestDirection direction, double strength = 10) : direction_(direction), strength_(strength) {}
  /// Returns the test in a state that was kept. Errors: kInvalidData for one that no test has.
  static Result<SequentialTest> Restore(TestDirection direction, double strength, double log_evidence, double ones,
                                        int64_t count);

  /// Adds an observation. `pi` is the probability of a one under the hypothesis at the time of the observation, more
  /// than 0 and less than 1.
  void Add(bool is_one, double pi);

  /// Returns log E.
  double log_evidence() const { return log_evidence_; }
  double ones() const { return ones_; }
  int64_t count() const { return count_; }
  /// Returns true if E has at least the value 1/alpha.
  bool Rejects(double alpha) const;
  /// Returns E as the share of the way to 1/alpha on the logarithmic scale: 0 for E <= 1, 1 when the test rejects.
  double Progress(double alpha) const;

  friend bool operator==(const SequentialTest&, const SequentialTest&) = default;

 private:
  TestDirection direction_;
  double strength_;  ///< a
  double log_evidence_ = 0;
  double ones_ = 0;
  int64_t count_ = 0;
};

/// Returns the probability that the next reporter is the candidate's if its rate of reports is `margin` times the
/// champion's and it has the share `share` of users: m p / (m p + 1 - p).
double ProbabilityAtMargin(double margin, double share);

}  // namespace winnow
