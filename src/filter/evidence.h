/// How the steps of the filter add up to one probability.
///
/// Evidence is counted in log-odds, ln(p / (1 - p)), which add up for independent pieces of evidence (naive Bayes):
///
///     log-odds(spam) = intercept + classifier * log-odds(p) + bounded(rules * S, 4) + bounded(reputation * R, 3)
///     score          = 1 / (1 + exp(-log-odds(spam)))
///     bounded(x, m)  = m * tanh(x / m)
///
/// p is the model's calibrated probability, S the sum of the rules' scores, and R the learnt score of the sender.
/// `bounded` is nearly x for small values and never exceeds m: rules and senders see few facts, many of which say the
/// same thing twice, so that however many of them meet, they outweigh a moderately confident model but not a very
/// confident one. filter/fit_weights.h fits the weights to labelled messages. Without a model, a constant takes its
/// place: the log-odds of a message about which nothing is known.
#pragma once

#include <optional>

namespace winnow {

struct EvidenceWeights {
  double classifier = 1;
  double rules = 0.5;     ///< per point of the rules' scores
  double reputation = 1;  ///< per point of the sender's score
  double intercept = 0;   ///< log-odds that are added to the model's
  double unknown = -1.5;  ///< log-odds in place of the model's and the intercept, if there is no model
};

/// Weights that somebody has stated, and others that nobody has.
struct StatedWeights {
  std::optional<double> classifier = {}, rules = {}, reputation = {}, intercept = {};
};

/// Returns the weights of the command line, otherwise those of the file of rules, otherwise the usual ones.
EvidenceWeights EffectiveWeights(const StatedWeights& command_line, const StatedWeights& rules_file);

/// Evidence that does not come from the model.
struct Evidence {
  double rules = 0;       ///< sum of the rules' scores
  double reputation = 0;  ///< learnt score of the sender
};

inline constexpr double kMostRulesEvidence = 4;
inline constexpr double kMostReputationEvidence = 3;

/// Returns ln(p / (1 - p)), for which p is moved into [1e-7, 1 - 1e-7].
double LogOdds(double probability);

/// Returns 1 / (1 + exp(-log_odds)).
double ProbabilityOf(double log_odds);

/// Return the log-odds that all rules together, and the sender's learnt score, add.
double RulesLogOdds(const EvidenceWeights& weights, const Evidence& evidence);
double ReputationLogOdds(const EvidenceWeights& weights, const Evidence& evidence);

/// Returns the probability of spam. `model` is the model's probability, if there is one. With a weight of 1, no
/// intercept and no other evidence, the result is the model's probability itself.
double CombinedScore(const EvidenceWeights& weights, const Evidence& evidence, std::optional<double> model);

}  // namespace winnow
