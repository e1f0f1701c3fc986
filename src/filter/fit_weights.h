/// The weights of the steps of the filter, fitted to messages that people have labelled.
///
/// The score is a logistic regression of three inputs (filter/evidence.h): the model's log-odds, the sum of the rules'
/// scores and the sender's score. FitWeights chooses its intercept and its weights by maximum likelihood, with a normal
/// distribution around the usual weights as the prior (MAP estimation): few messages, or messages that no rule hits,
/// move the weights little. Weights below 0 are excluded, since then evidence of spam would count as evidence of ham.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/evidence.h"

namespace winnow {

/// A message that a person has labelled, and what the steps know about it.
struct WeighedMessage {
  double probability = 0;  ///< probability of spam, by the model
  Evidence evidence = {};
  bool spam = false;
  double count = 1;    ///< number of messages that it stands for: the inverse of its probability of being drawn
  uint64_t group = 0;  ///< GroupOfText; messages of a group are always in one part of a cross-validation
};

/// Returns the group of messages whose texts differ in white space, digits and the case of letters alone.
uint64_t GroupOfText(std::string_view text);

/// How well scores fit labels; all by the counts of the messages.
struct ScoreQuality {
  double log_loss = 0;  ///< mean of -ln(probability of the true label)
  double ece = 0;       ///< expected calibration error of P(spam), 15 bins of equal width
  double accuracy = 0;  ///< share of right decisions with the threshold .5
};

ScoreQuality QualityOf(std::span<const WeighedMessage> messages, std::span<const double> scores);

/// Returns the weights for the messages; `unknown` stays as in `usual`, around which the prior lies. Deterministic.
EvidenceWeights FitWeights(std::span<const WeighedMessage> messages, const EvidenceWeights& usual = {});

struct WeightFit {
  EvidenceWeights weights = {};          ///< fitted to all messages
  ScoreQuality before = {}, after = {};  ///< quality of the present weights, and of fitted weights by cross-validation
  size_t parts = 0;                      ///< number of folds of the cross-validation
  bool improves() const { return after.log_loss < before.log_loss; }
};

inline constexpr size_t kLeastWeighedMessages = 20;
inline constexpr size_t kLeastOfEachLabel = 5;

/// Fits weights and measures them: each message gets its score from weights that were fitted without its group. Errors:
/// kInvalidData for fewer than kLeastWeighedMessages groups, or fewer than kLeastOfEachLabel of spam or of ham.
Result<WeightFit> FitAndMeasure(std::span<const WeighedMessage> messages, const EvidenceWeights& present);

}  // namespace winnow
