/// Thresholds with a guarantee: the false-positive rate stays under a bound, with a confidence (Tong, Feng & Li 2018,
/// "Neyman-Pearson classification algorithms and NP receiver operating characteristics", proposition 1).
///
/// The k-th smallest of n scores of negatives is a threshold whose false-positive rate is above alpha with
/// probability at most
///     sum_{j=k..n} C(n, j) (1 - alpha)^j alpha^(n - j)  =  P(Binomial(n, alpha) <= n - k),
/// whatever the scores' distribution; the smallest k for which that is at most delta loses least. It needs
/// n >= log(delta) / log(1 - alpha) texts: with fewer, even the highest score guarantees too little.
///
/// The guarantee: over the draw of these texts, with the confidence 1 - delta, at most alpha of the negatives
/// to come reach the threshold, if they come from where these do and the scores were made without looking at these. A
/// calibration that was fitted on the same texts does no harm where it keeps their order (decide/calibration.h): the
/// decided texts are the same, in other numbers.
///
/// A text is positive where its score is at or above the threshold, so the threshold is the next float above the k-th
/// score; equal scores then only make the rate smaller.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/decide.h"

namespace winnow {

/// Returns a bound of a false-positive rate as text. A bound of up to 6 significant digits stays as it is; another one
/// is rounded up to 3 digits, because a guarantee must not be rounded down: .0050196 becomes "0.00502".
std::string FprText(double max_fpr);

/// Returns P(Binomial(n, alpha) <= n - k) for the k-th smallest of n scores. Requires 0 < alpha < 1 and 1 <= k <= n.
double ViolationProbability(int64_t n, int64_t k, double alpha);

/// Returns the smallest number of negatives for which the guarantee is possible: 149 for .02 with .95.
int64_t TextsNeededForFpr(double max_fpr, double confidence);

struct FprThreshold {
  float threshold = 1;
  int64_t rank = 0;    ///< rank of the score that the threshold is above: k
  double max_fpr = 0;  ///< guaranteed upper bound of the false-positive rate
};

struct FprThresholds {
  FprThreshold strict, moderate, lenient;
  std::vector<std::string> notes;  ///< a note if lenient guarantees more than half the bound

  ModeThresholds modes() const { return {strict.threshold, moderate.threshold, lenient.threshold}; }
};

/// Chooses thresholds: moderate keeps the bound, strict twice the bound and lenient half of it, each with the given
/// confidence; strict <= moderate <= lenient. With too few texts for half the bound, lenient is above the highest score
/// and has the guarantee of that score. Errors: kInvalidArgument unless 0 < max_fpr < .5 and 0 < confidence < 1;
/// kInvalidData, with the numbers of existing and required texts, for too few texts, and if the threshold would be
/// above 1.
Result<FprThresholds> ThresholdsForFpr(std::span<const float> negatives, double max_fpr, double confidence);

/// Returns the score of one text that thresholds are compared with, for a single-label model with that positive label:
/// for two labels the probability of the positive label, for more p / (p + strongest rival), rounded up so that Decide
/// with a threshold above it does not decide the positive label.
float PositiveScore(std::span<const float> probabilities, int32_t positive_label);

}  // namespace winnow
