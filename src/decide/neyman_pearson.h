/// Thresholds with a promise: the false-positive rate stays under a bound, with a confidence (Tong, Feng & Li 2018,
/// "Neyman-Pearson classification algorithms and NP receiver operating characteristics", proposition 1).
///
/// Of n scores of legitimate texts the k-th smallest is a threshold whose false-positive rate is above alpha with
/// probability at most
///     sum_{j=k..n} C(n, j) (1 - alpha)^j alpha^(n - j)  =  P(Binomial(n, alpha) <= n - k),
/// whatever the scores' distribution; the smallest k for which that is at most delta loses least. It needs
/// n >= log(delta) / log(1 - alpha) texts: with fewer, even the highest score promises too little.
///
/// What is promised: over the draw of these texts, with the confidence 1 - delta, at most alpha of the legitimate texts
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

/// P(Binomial(n, alpha) <= n - k): of the k-th smallest of n scores. 0 < alpha < 1, 1 <= k <= n.
double ViolationProbability(int64_t n, int64_t k, double alpha);

/// The fewest texts that can promise it: 149 for .02 with .95.
int64_t TextsNeededForFpr(double max_fpr, double confidence);

struct FprThreshold {
  float threshold = 1;
  int64_t rank = 0;    ///< k
  double max_fpr = 0;  ///< what is promised
};

struct FprThresholds {
  FprThreshold strict, moderate, lenient;
  std::vector<std::string> notes;  ///< where lenient had to promise less than half

  ModeThresholds modes() const { return {strict.threshold, moderate.threshold, lenient.threshold}; }
};

/// Moderate keeps the bound, strict twice and lenient half of it, each with the confidence; strict <= moderate <=
/// lenient. With too few texts for half the bound, lenient lies above the highest score, and promises what that does.
/// Errors: kInvalidArgument unless 0 < max_fpr < .5 and 0 < confidence < 1; kInvalidData with fewer texts than needed,
/// telling how many there are and how many are needed, and where the threshold would lie above 1.
Result<FprThresholds> ThresholdsForFpr(std::span<const float> legitimate, double max_fpr, double confidence);

/// The score that decides, of one text of a single-label model with that positive label: for two labels its
/// probability, for more p / (p + strongest rival), rounded up so that Decide with a threshold above it says no.
float PositiveScore(std::span<const float> probabilities, int32_t positive_label);

}  // namespace winnow
