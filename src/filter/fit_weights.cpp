#include "filter/fit_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/ascii.h"
#include "base/sip_hash.h"

namespace winnow {
namespace {

constexpr size_t kBins = 15;
constexpr size_t kParameters = 4;  // intercept, classifier, rules, reputation
constexpr double kMostWeight = 100;
constexpr double kMostIntercept = 10;
constexpr int kMostSteps = 200;

using Vector = std::array<double, kParameters>;
using Matrix = std::array<Vector, kParameters>;

/// Standard deviations of the prior around the usual weights.
constexpr Vector kDeviations = {1.5, 1, 0.5, 1};

Vector ParametersOf(const EvidenceWeights& weights) {
  return {weights.intercept, weights.classifier, weights.rules, weights.reputation};
}

EvidenceWeights WeightsOf(const Vector& parameters, double unknown) {
  return {.classifier = parameters[1],
          .rules = parameters[2],
          .reputation = parameters[3],
          .intercept = parameters[0],
          .unknown = unknown};
}

/// The derivative of m * tanh(weight * x / m) by the weight.
double BoundedSlope(double weight, double x, double most) {
  const double tanh = std::tanh(weight * x / most);
  return x * (1 - tanh * tanh);
}

double LogLoss(double probability, bool spam) {
  constexpr double kLeast = 1e-12;
  return -std::log(std::max(spam ? probability : 1 - probability, kLeast));
}

/// The negative logarithm of the posterior, its gradient, and the Gauss-Newton approximation of its second derivative,
/// which is positive definite.
struct Posterior {
  double value = 0;
  Vector gradient = {};
  Matrix curvature = {};
};

class Objective {
 public:
  Objective(std::span<const WeighedMessage> messages, const EvidenceWeights& usual)
      : messages_(messages), prior_(ParametersOf(usual)), unknown_(usual.unknown) {
    for (const WeighedMessage& message : messages) total_ += message.count;
  }

  Posterior At(const Vector& parameters) const {
    Posterior result;
    const EvidenceWeights weights = WeightsOf(parameters, unknown_);
    for (const WeighedMessage& message : messages_) Add(message, weights, result);
    for (size_t i = 0; i < kParameters; ++i) {
      const double away = (parameters[i] - prior_[i]) / kDeviations[i];
      result.value += away * away / 2;
      result.gradient[i] += away / kDeviations[i];
      result.curvature[i][i] += 1 / (kDeviations[i] * kDeviations[i]);
    }
    return result;
  }

 private:
  void Add(const WeighedMessage& message, const EvidenceWeights& weights, Posterior& result) const {
    // As many messages as there are, whatever number they stand for.
    const double count = message.count * static_cast<double>(messages_.size()) / total_;
    const double p = CombinedScore(weights, message.evidence, message.probability);
    const Vector slopes = {1, LogOdds(message.probability),
                           BoundedSlope(weights.rules, message.evidence.rules, kMostRulesEvidence),
                           BoundedSlope(weights.reputation, message.evidence.reputation, kMostReputationEvidence)};
    result.value += count * LogLoss(p, message.spam);
    const double error = p - (message.spam ? 1 : 0);
    for (size_t i = 0; i < kParameters; ++i) {
      result.gradient[i] += count * error * slopes[i];
      for (size_t j = 0; j < kParameters; ++j) result.curvature[i][j] += count * p * (1 - p) * slopes[i] * slopes[j];
    }
  }

  const std::span<const WeighedMessage> messages_;
  const Vector prior_;
  const double unknown_;
  double total_ = 0;
};

/// Solves matrix * x = right, for a positive definite matrix, by Cholesky's decomposition.
Vector Solve(Matrix matrix, const Vector& right) {
  Vector x = right;
  for (size_t i = 0; i < kParameters; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = matrix[i][j];
      for (size_t k = 0; k < j; ++k) sum -= matrix[i][k] * matrix[j][k];
      matrix[i][j] = i == j ? std::sqrt(sum) : sum / matrix[j][j];
    }
  }
  for (size_t i = 0; i < kParameters; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= matrix[i][k] * x[k];
    x[i] /= matrix[i][i];
  }
  for (size_t i = kParameters; i-- > 0;) {
    for (size_t k = i + 1; k < kParameters; ++k) x[i] -= matrix[k][i] * x[k];
    x[i] /= matrix[i][i];
  }
  return x;
}

double Within(size_t parameter, double value) {
  return parameter == 0 ? std::clamp(value, -kMostIntercept, kMostIntercept) : std::clamp(value, 0.0, kMostWeight);
}

/// A parameter at its bound whose gradient leads beyond it stays where it is.
void HoldAtBounds(const Vector& parameters, Posterior& at) {
  for (size_t i = 1; i < kParameters; ++i) {
    if (parameters[i] > 0 || at.gradient[i] <= 0) continue;
    at.gradient[i] = 0;
    for (size_t j = 0; j < kParameters; ++j) at.curvature[i][j] = at.curvature[j][i] = i == j ? 1 : 0;
  }
}

/// The parts of a cross-validation: groups of each label in turn, in an order that has nothing to do with their texts.
std::map<uint64_t, size_t> PartsOfGroups(std::span<const WeighedMessage> messages, size_t parts) {
  std::map<uint64_t, size_t> part_of;
  size_t next = 0;
  for (const bool spam : {false, true}) {
    std::set<uint64_t> groups;
    for (const WeighedMessage& message : messages) {
      if (message.spam == spam) groups.insert(message.group);
    }
    for (const uint64_t group : groups) {
      if (part_of.try_emplace(group, next % parts).second) ++next;
    }
  }
  return part_of;
}

}  // namespace

uint64_t GroupOfText(std::string_view text) {
  std::string folded;
  for (const char c : text) {
    const bool skipped = IsAsciiSpace(c) || IsAsciiDigit(c);
    if (!skipped) folded += LowerAscii(c);
  }
  return SipHasher({}).Finish(std::as_bytes(std::span<const char>(folded)));
}

ScoreQuality QualityOf(std::span<const WeighedMessage> messages, std::span<const double> scores) {
  struct Bin {
    double count = 0, scores = 0, spam = 0;
  };
  std::array<Bin, kBins> bins;
  ScoreQuality quality;
  double total = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    const WeighedMessage& message = messages[i];
    total += message.count;
    quality.log_loss += message.count * LogLoss(scores[i], message.spam);
    quality.accuracy += (scores[i] >= 0.5) == message.spam ? message.count : 0;
    Bin& bin = bins[std::min(kBins - 1, static_cast<size_t>(scores[i] * kBins))];
    bin.count += message.count;
    bin.scores += message.count * scores[i];
    bin.spam += message.spam ? message.count : 0;
  }
  if (total == 0) return {};
  for (const Bin& bin : bins) quality.ece += std::abs(bin.scores - bin.spam);
  quality.log_loss /= total;
  quality.accuracy /= total;
  quality.ece /= total;
  return quality;
}

EvidenceWeights FitWeights(std::span<const WeighedMessage> messages, const EvidenceWeights& usual) {
  const Objective objective(messages, usual);
  Vector parameters = ParametersOf(usual);
  Posterior at = objective.At(parameters);
  for (int step = 0; step < kMostSteps; ++step) {
    Posterior free = at;
    HoldAtBounds(parameters, free);
    const Vector direction = Solve(free.curvature, free.gradient);
    double length = 1;
    bool better = false;
    for (; length > 1e-10 && !better; length /= 2) {
      Vector next = parameters;
      for (size_t i = 0; i < kParameters; ++i) next[i] = Within(i, parameters[i] - length * direction[i]);
      const Posterior there = objective.At(next);
      if (there.value >= at.value) continue;
      better = at.value - there.value > 1e-12 * (1 + std::abs(at.value));
      parameters = next;
      at = there;
      break;
    }
    if (!better) break;
  }
  return WeightsOf(parameters, usual.unknown);
}

Result<WeightFit> FitAndMeasure(std::span<const WeighedMessage> messages, const EvidenceWeights& present) {
  std::set<uint64_t> groups[2];
  for (const WeighedMessage& message : messages) groups[message.spam ? 1 : 0].insert(message.group);
  const size_t ham = groups[0].size(), spam = groups[1].size();
  if (ham + spam < kLeastWeighedMessages || std::min(ham, spam) < kLeastOfEachLabel) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format(
            "{} spam and {} ham are too few to fit weights to; {} different messages are needed, {} of each label",
            spam, ham, kLeastWeighedMessages, kLeastOfEachLabel),
        "label more messages: in a must-pass list, or with 'winnow feedback audit'");
  }
  WeightFit fit{.weights = FitWeights(messages), .parts = std::min(ham, spam) < 10 ? size_t{5} : size_t{10}};
  const std::map<uint64_t, size_t> part_of = PartsOfGroups(messages, fit.parts);
  std::vector<double> before, after(messages.size());
  for (const WeighedMessage& message : messages) {
    before.push_back(CombinedScore(present, message.evidence, message.probability));
  }
  for (size_t part = 0; part < fit.parts; ++part) {
    std::vector<WeighedMessage> others;
    for (const WeighedMessage& message : messages) {
      if (part_of.at(message.group) != part) others.push_back(message);
    }
    const EvidenceWeights weights = FitWeights(others);
    for (size_t i = 0; i < messages.size(); ++i) {
      if (part_of.at(messages[i].group) != part) continue;
      after[i] = CombinedScore(weights, messages[i].evidence, messages[i].probability);
    }
  }
  fit.before = QualityOf(messages, before);
  fit.after = QualityOf(messages, after);
  return fit;
}

}  // namespace winnow
