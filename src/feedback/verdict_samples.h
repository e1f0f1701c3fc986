/// Verdicts that are drawn at random for a person to label: the only way to know the false positives in a folder where
/// nobody complains. Their labels serve calibration, thresholds, metrics and trust, and are never trained on.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sip_hash.h"
#include "store/store.h"

namespace winnow {

/// A range of scores, and the probability with which a verdict of that range is drawn.
struct ScoreStratum {
  double below = 1;  ///< the range begins where the one before ends; the last one includes its end
  double probability = 0;
};

/// Returns the usual strata for drawing about one in `n` verdicts: scores between .1 and .9, where most errors are, are
/// drawn with four times the probability, scores of at least .9 with twice the probability.
std::vector<ScoreStratum> StrataFor(double n);

/// Draws verdicts. Thread-safe.
class VerdictSampler {
 public:
  /// `strata` by ascending score; none: no verdict is drawn. `key` is secret, so that nobody can choose messages that
  /// are not drawn.
  explicit VerdictSampler(std::vector<ScoreStratum> strata, SipKey key = SipKey::Random());

  /// Returns the sample to store (Store::AddVerdictSample) if the verdict about a message is drawn. A message that is
  /// checked several times is drawn once or never.
  std::optional<VerdictSample> Draw(const MessageRecord& message) const;

 private:
  std::vector<ScoreStratum> strata_;
  SipKey key_;
};

/// A rate with its confidence interval of 95 %. Without any verdict to compute it from, it is between 0 and 1.
struct EstimatedRate {
  double rate = 0, low = 0, high = 1;
  size_t verdicts = 0;  ///< number of labelled verdicts that it is computed from
};

struct VerdictRates {
  EstimatedRate false_positives;  ///< share of the negatives that were judged spam
  EstimatedRate false_negatives;  ///< share of the positives that were not judged spam
  EstimatedRate wrong_spam;       ///< share of the messages judged spam that are not
  EstimatedRate spam;             ///< share of all messages that are spam
  size_t labelled = 0, waiting = 0;
};

/// Estimates rates of all verdicts from those that were drawn, each weighted with the inverse of its probability (Hajek
/// 1971's ratio of Horvitz and Thompson's sums), and of the share of its stratum that has been labelled. Intervals by
/// Korn and Graubard (1998, "Confidence Intervals for Proportions with Small Expected Number of Positive Counts
/// Estimated from Survey Data"): Clopper and Pearson's, for the number of verdicts that a simple random sample of equal
/// variance would have. `spam_label` is the label of the positives.
VerdictRates EstimateRates(std::span<const StoredVerdictSample> samples, std::string_view spam_label = "spam");

/// Labelled verdicts that represent all verdicts equally.
struct UniformSample {
  std::vector<StoredVerdictSample> verdicts;
  size_t thinned = 0;      ///< number of labelled verdicts that were left out at random
  size_t experiments = 0;  ///< number of labelled verdicts that were left out because two models disagree about them
};

/// Returns the labelled ones of `samples`, each with the probability of having been drawn and labelled: that of its
/// stratum, times the share of the stratum that has a label. Messages about which two models disagree, which are no
/// sample of all messages, are left out. `samples` are all verdicts of a store or of a time, labelled or not.
std::vector<StoredVerdictSample> LabelledVerdicts(std::span<const StoredVerdictSample> samples);

/// Thins the labelled ones of `samples`, so that those of each stratum are left with the probability of the rarest
/// stratum, and all are one simple random sample, for what knows no weights: calibration, thresholds, metrics (Poisson
/// sampling; Särndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", 3.5). A stratum without labels is
/// not represented. Deterministic: a verdict is kept or left out by its id. `samples` as in LabelledVerdicts.
UniformSample UniformVerdicts(std::span<const StoredVerdictSample> samples);

/// Returns a clause about what UniformVerdicts left out; empty if it left out nothing.
std::string LeftOutText(const UniformSample& sample);

/// Returns all drawn verdicts of a store. Errors: those of the store.
Result<std::vector<StoredVerdictSample>> ReadVerdictSamples(Store& store, VerdictSampleFilter filter = {});

/// Returns the blind labels by text. Errors: those of the store.
Result<std::map<std::string, std::string>> ReadVerdictLabels(Store& store);

}  // namespace winnow
