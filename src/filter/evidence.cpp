#include "filter/evidence.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

constexpr double kLeastProbability = 1e-7;

double Bounded(double x, double most) { return most * std::tanh(x / most); }

}  // namespace

EvidenceWeights EffectiveWeights(const StatedWeights& command_line, const StatedWeights& rules_file) {
  const EvidenceWeights usual;
  const auto choose = [](const std::optional<double>& first, const std::optional<double>& second, double otherwise) {
    return first ? *first : second.value_or(otherwise);
  };
  return {.classifier = choose(command_line.classifier, rules_file.classifier, usual.classifier),
          .rules = choose(command_line.rules, rules_file.rules, usual.rules),
          .reputation = choose(command_line.reputation, rules_file.reputation, usual.reputation),
          .intercept = choose(command_line.intercept, rules_file.intercept, usual.intercept),
          .unknown = usual.unknown};
}

double LogOdds(double probability) {
  const double p = std::clamp(probability, kLeastProbability, 1 - kLeastProbability);
  return std::log(p / (1 - p));
}

double ProbabilityOf(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

double RulesLogOdds(const EvidenceWeights& weights, const Evidence& evidence) {
  return Bounded(weights.rules * evidence.rules, kMostRulesEvidence);
}

double ReputationLogOdds(const EvidenceWeights& weights, const Evidence& evidence) {
  return Bounded(weights.reputation * evidence.reputation, kMostReputationEvidence);
}

double CombinedScore(const EvidenceWeights& weights, const Evidence& evidence, std::optional<double> model) {
  const double others = RulesLogOdds(weights, evidence) + ReputationLogOdds(weights, evidence);
  if (!model) return ProbabilityOf(weights.unknown + others);
  if (others == 0 && weights.classifier == 1 && weights.intercept == 0) return *model;
  return ProbabilityOf(weights.intercept + weights.classifier * LogOdds(*model) + others);
}

}  // namespace winnow
