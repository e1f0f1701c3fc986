#include "feedback/verdict_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "feedback/beta_quantile.h"

namespace winnow {
namespace {

struct Weighted {
  double weight = 0;
  bool counts = false;  // whether the verdict is in the numerator
};

EstimatedRate RateOf(std::span<const Weighted> verdicts) {
  EstimatedRate result{.verdicts = verdicts.size()};
  if (verdicts.empty()) return result;
  double sum = 0, squares = 0, counted = 0;
  for (const Weighted& verdict : verdicts) {
    sum += verdict.weight;
    squares += verdict.weight * verdict.weight;
    if (verdict.counts) counted += verdict.weight;
  }
  result.rate = std::clamp(counted / sum, 0.0, 1.0);
  const double p = result.rate;
  double variance = 0;  // of the ratio, by linearization
  for (const Weighted& verdict : verdicts) {
    const double residual = verdict.weight * ((verdict.counts ? 1 : 0) - p) / sum;
    variance += residual * residual;
  }
  const auto n = static_cast<double>(verdicts.size());
  if (n > 1) variance *= n / (n - 1);
  // Without variation, the number by the weights alone (Kish 1965, "Survey Sampling", 11.7).
  const double kish = sum * sum / squares;
  const double effective = variance > 0 ? std::min(n, p * (1 - p) / variance) : kish;
  const double hits = p * effective;
  result.low = hits > 0 ? BetaQuantile(hits, effective - hits + 1, 0.025) : 0;
  result.high = hits < effective ? BetaQuantile(hits + 1, effective - hits, 0.975) : 1;
  return result;
}

/// The share of the verdicts of each stratum that has a label. Strata of one name with different probabilities, such as
/// those before and after a change of an option, are different strata.
std::map<std::pair<std::string, double>, double> LabelledShares(std::span<const StoredVerdictSample> samples) {
  std::map<std::pair<std::string, double>, std::pair<double, double>> counts;
  for (const StoredVerdictSample& stored : samples) {
    auto& [labelled, all] = counts[{stored.sample.stratum, stored.sample.probability}];
    labelled += stored.sample.label ? 1 : 0;
    all += 1;
  }
  std::map<std::pair<std::string, double>, double> shares;
  for (const auto& [stratum, count] : counts) shares[stratum] = count.first / count.second;
  return shares;
}

}  // namespace

std::vector<ScoreStratum> StrataFor(double n) {
  if (!(n > 0)) return {};
  const auto at_most_one = [](double probability) { return std::min(1.0, probability); };
  return {{0.1, at_most_one(1 / n)}, {0.9, at_most_one(4 / n)}, {1, at_most_one(2 / n)}};
}

VerdictSampler::VerdictSampler(std::vector<ScoreStratum> strata, SipKey key) : strata_(std::move(strata)), key_(key) {}

std::optional<VerdictSample> VerdictSampler::Draw(const MessageRecord& message) const {
  double from = 0;
  for (size_t i = 0; i < strata_.size(); from = strata_[i++].below) {
    const ScoreStratum& stratum = strata_[i];
    if (message.score >= stratum.below && i + 1 < strata_.size()) continue;
    const uint64_t hash = SipHasher(key_).Finish(std::as_bytes(std::span(message.message_id)));
    if (static_cast<double>(hash >> 11) * 0x1p-53 >= stratum.probability) return std::nullopt;
    return VerdictSample{.message_id = message.message_id,
                         .text = message.text,
                         .is_spam = message.is_spam,
                         .score = message.score,
                         .stratum = fmt::format("{:g}-{:g}", from, stratum.below),
                         .probability = stratum.probability,
                         .model_version = message.model_version,
                         .user_id = message.user_id,
                         .created_at = message.created_at};
  }
  return std::nullopt;
}

VerdictRates EstimateRates(std::span<const StoredVerdictSample> samples, std::string_view spam_label) {
  VerdictRates rates;
  const auto shares = LabelledShares(samples);
  std::vector<Weighted> negatives, positives, judged_spam, all;
  for (const StoredVerdictSample& stored : samples) {
    const VerdictSample& sample = stored.sample;
    // Messages about which two models disagree are no sample of all messages.
    if (sample.stratum == kDisagreementStratum) continue;
    ++(sample.label ? rates.labelled : rates.waiting);
    if (!sample.label) continue;
    const bool spam = *sample.label == spam_label;
    const double weight = 1 / (sample.probability * shares.at({sample.stratum, sample.probability}));
    (spam ? positives : negatives).push_back({weight, spam != sample.is_spam});
    if (sample.is_spam) judged_spam.push_back({weight, !spam});
    all.push_back({weight, spam});
  }
  rates.false_positives = RateOf(negatives);
  rates.false_negatives = RateOf(positives);
  rates.wrong_spam = RateOf(judged_spam);
  rates.spam = RateOf(all);
  return rates;
}

std::vector<StoredVerdictSample> LabelledVerdicts(std::span<const StoredVerdictSample> samples) {
  const auto shares = LabelledShares(samples);
  std::vector<StoredVerdictSample> labelled;
  for (const StoredVerdictSample& stored : samples) {
    const VerdictSample& sample = stored.sample;
    if (!sample.label || sample.stratum == kDisagreementStratum) continue;
    labelled.push_back(stored);
    labelled.back().sample.probability *= shares.at({sample.stratum, sample.probability});
  }
  return labelled;
}

UniformSample UniformVerdicts(std::span<const StoredVerdictSample> samples) {
  UniformSample uniform;
  for (const StoredVerdictSample& stored : samples)
    uniform.experiments += stored.sample.label && stored.sample.stratum == kDisagreementStratum ? 1 : 0;
  std::vector<StoredVerdictSample> labelled = LabelledVerdicts(samples);
  double least = 1;
  for (const StoredVerdictSample& stored : labelled) least = std::min(least, stored.sample.probability);
  for (StoredVerdictSample& stored : labelled) {
    if (Random(static_cast<uint64_t>(stored.id), "thinning").Uniform() * stored.sample.probability < least) {
      uniform.verdicts.push_back(std::move(stored));
    } else {
      ++uniform.thinned;
    }
  }
  return uniform;
}

std::string LeftOutText(const UniformSample& sample) {
  if (sample.thinned + sample.experiments == 0) return "";
  return fmt::format(
      "{} of {} audited messages are used, so that they are a simple random sample of all messages; {} of scores that "
      "are audited more often and {} about which the versions of an experiment disagree were left out",
      sample.verdicts.size(), sample.verdicts.size() + sample.thinned + sample.experiments, sample.thinned,
      sample.experiments);
}

Result<std::vector<StoredVerdictSample>> ReadVerdictSamples(Store& store, VerdictSampleFilter filter) {
  filter.limit = 2000;
  std::vector<StoredVerdictSample> samples;
  while (true) {
    std::vector<StoredVerdictSample> page = TRY(store.ListVerdictSamples(filter));
    if (page.empty()) return samples;
    filter.after_id = page.back().id;
    std::ranges::move(page, std::back_inserter(samples));
  }
}

Result<std::map<std::string, std::string>> ReadVerdictLabels(Store& store) {
  std::map<std::string, std::string> labels;
  for (const StoredVerdictSample& stored : TRY(ReadVerdictSamples(store, {.labelled = true})))
    labels[stored.sample.text] = *stored.sample.label;
  return labels;
}

}  // namespace winnow
