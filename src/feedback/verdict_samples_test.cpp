#include "feedback/verdict_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

MessageRecord Message(int number, double score) {
  return {.message_id = "m" + std::to_string(number),
          .text = "text " + std::to_string(number),
          .is_spam = score >= 0.5,
          .score = score};
}

TEST(VerdictSampler, DrawsEachRangeOfScoresWithItsProbability) {
  const VerdictSampler sampler(StrataFor(100), SipKey{1, 2});
  for (const auto& [score, probability, stratum] : {std::tuple(0.05, 0.01, "0-0.1"), std::tuple(0.1, 0.04, "0.1-0.9"),
                                                    std::tuple(0.95, 0.02, "0.9-1"), std::tuple(1.0, 0.02, "0.9-1")}) {
    constexpr int kCount = 50000;
    int drawn = 0;
    for (int i = 0; i < kCount; ++i) {
      const auto sample = sampler.Draw(Message(i, score));
      if (!sample) continue;
      ++drawn;
      ASSERT_EQ(sample->probability, probability);
      ASSERT_EQ(sample->stratum, stratum);
    }
    EXPECT_NEAR(drawn, kCount * probability, 4 * std::sqrt(kCount * probability)) << score;
  }
}

TEST(VerdictSampler, DrawsAMessageAlwaysOrNever) {
  const VerdictSampler sampler(StrataFor(2));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(sampler.Draw(Message(i, 0.05)).has_value(), sampler.Draw(Message(i, 0.05)).has_value());
  EXPECT_FALSE(VerdictSampler({}).Draw(Message(1, 0.5)));
}

StoredVerdictSample Sample(double probability, bool verdict, const char* label, const char* stratum = "0-1") {
  StoredVerdictSample stored;
  stored.sample.is_spam = verdict;
  stored.sample.probability = probability;
  stored.sample.stratum = stratum;
  if (label != nullptr) stored.sample.label = label;
  return stored;
}

TEST(EstimateRates, LeavesOutMessagesThatAnExperimentHasDrawn) {
  const auto all = std::to_array({Sample(0.5, true, "ham"), Sample(0.5, false, "ham")});
  const auto more = std::to_array(
      {Sample(0.5, true, "ham"), Sample(0.5, false, "ham"), Sample(1, true, "ham", kDisagreementStratum)});
  EXPECT_EQ(EstimateRates(more).false_positives.rate, EstimateRates(all).false_positives.rate);
  EXPECT_EQ(EstimateRates(more).labelled, 2u);
}

TEST(EstimateRates, WeighsWithTheInverseOfTheProbability) {
  // 2 negatives stand for 2 / 0.5 = 4 messages, one of them a false positive of weight 2; one of weight 10 is right.
  const VerdictRates rates =
      EstimateRates(std::to_array({Sample(0.5, true, "ham", "a"), Sample(0.5, false, "ham", "a"),
                                   Sample(0.1, false, "ham", "b"), Sample(0.1, true, "spam", "b")}));
  EXPECT_NEAR(rates.false_positives.rate, 2.0 / 14, 1e-12);
  EXPECT_NEAR(rates.wrong_spam.rate, 2.0 / 12, 1e-12);
  EXPECT_NEAR(rates.spam.rate, 10.0 / 24, 1e-12);
  EXPECT_EQ(rates.false_negatives.rate, 0);
  EXPECT_LT(rates.false_positives.low, rates.false_positives.rate);
  EXPECT_GT(rates.false_positives.high, rates.false_positives.rate);
}

TEST(EstimateRates, AccountsForVerdictsThatWaitForALabel) {
  // Half of the stratum "a" is labelled: each label stands for two verdicts.
  const VerdictRates rates = EstimateRates(std::to_array({Sample(1, true, "ham", "a"), Sample(1, true, nullptr, "a"),
                                                          Sample(1, false, "ham", "b"), Sample(1, false, "ham", "b")}));
  EXPECT_NEAR(rates.false_positives.rate, 0.5, 1e-12);
  EXPECT_EQ(rates.labelled, 3u);
  EXPECT_EQ(rates.waiting, 1u);
}

TEST(EstimateRates, WithoutErrorsTheIntervalIsThatOfClopperAndPearson) {
  std::vector<StoredVerdictSample> samples(100, Sample(0.01, false, "ham"));
  const EstimatedRate rate = EstimateRates(samples).false_positives;
  EXPECT_EQ(rate.rate, 0);
  EXPECT_EQ(rate.low, 0);
  EXPECT_NEAR(rate.high, 1 - std::pow(0.025, 1.0 / 100), 1e-9);
  const EstimatedRate none = EstimateRates({}).false_positives;
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 1);
}

/// Populations with 1 % false positives, most of which have middle scores.
TEST(EstimateRates, IntervalsContainTheRateOfThePopulation) {
  constexpr int kRepetitions = 400, kMessages = 20000;
  int covered = 0;
  double sum = 0;
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    Random random(static_cast<uint64_t>(repetition), "population");
    const VerdictSampler sampler(StrataFor(40), SipKey{random.Bits(), random.Bits()});
    std::vector<StoredVerdictSample> samples;
    double negatives = 0, errors = 0;
    for (int i = 0; i < kMessages; ++i) {
      // The score of a negative: mostly low, sometimes in the middle, rarely high.
      const double u = random.Uniform();
      const double score = u < 0.9 ? 0.09 * random.Uniform() : u < 0.992 ? 0.1 + 0.45 * random.Uniform() : 0.95;
      const MessageRecord message = Message(i, score);
      negatives += 1;
      errors += message.is_spam ? 1 : 0;
      if (auto sample = sampler.Draw(message)) {
        sample->label = "ham";
        samples.push_back({0, *sample});
      }
    }
    const EstimatedRate rate = EstimateRates(samples).false_positives;
    covered += rate.low <= errors / negatives && errors / negatives <= rate.high ? 1 : 0;
    sum += rate.rate - errors / negatives;
  }
  EXPECT_GE(covered, kRepetitions * 93 / 100);
  EXPECT_NEAR(sum / kRepetitions, 0, 0.0005) << "the estimate is unbiased";
}

/// 8,000 messages of which a fifth have middle scores and a tenth high ones, audited by StrataFor(10); a third of the
/// high ones waits for a label.
std::vector<StoredVerdictSample> AuditedMessages() {
  const VerdictSampler sampler(StrataFor(10), SipKey{7, 8});
  Random random(3, "messages");
  std::vector<StoredVerdictSample> samples;
  for (int i = 0; i < 8000; ++i) {
    const double u = random.Uniform();
    auto sample = sampler.Draw(Message(i, u < 0.7 ? 0.05 : u < 0.9 ? 0.5 : 0.95));
    if (!sample) continue;
    if (sample->score < 0.9 || random.Below(3) > 0) sample->label = u < 0.8 ? "ham" : "spam";
    samples.push_back({static_cast<int64_t>(samples.size() + 1), *std::move(sample)});
  }
  return samples;
}

TEST(UniformVerdicts, HaveTheSharesOfAllMessages) {
  std::vector<StoredVerdictSample> samples = AuditedMessages();
  const size_t drawn = samples.size();
  for (int i = 0; i < 30; ++i) {
    samples.push_back(Sample(1, true, "ham", kDisagreementStratum));
    samples.back().id = static_cast<int64_t>(samples.size());
  }
  const UniformSample uniform = UniformVerdicts(samples);
  std::map<std::string, double> counts;
  for (const StoredVerdictSample& stored : uniform.verdicts) {
    ASSERT_TRUE(stored.sample.label);
    ++counts[stored.sample.stratum];
  }
  // A tenth of the messages: 560, 160 and 80, within four standard deviations.
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_NEAR(counts["0-0.1"], 560, 4 * std::sqrt(560));
  EXPECT_NEAR(counts["0.1-0.9"], 160, 4 * std::sqrt(160));
  EXPECT_NEAR(counts["0.9-1"], 80, 4 * std::sqrt(80));
  EXPECT_EQ(uniform.experiments, 30u);
  EXPECT_GT(uniform.thinned, 300u);
  EXPECT_LT(uniform.thinned, drawn - 600);
  EXPECT_NE(LeftOutText(uniform), "");
  EXPECT_EQ(UniformVerdicts(samples).verdicts.size(), uniform.verdicts.size()) << "deterministic";
}

TEST(UniformVerdicts, OfOneStratumAreAllThatHaveALabel) {
  const auto samples = std::to_array({Sample(0.1, true, "ham"), Sample(0.1, true, nullptr), Sample(0.1, false, "ham")});
  const UniformSample uniform = UniformVerdicts(samples);
  EXPECT_EQ(uniform.verdicts.size(), 2u);
  EXPECT_EQ(uniform.thinned, 0u);
  EXPECT_EQ(LeftOutText(uniform), "");
  EXPECT_TRUE(UniformVerdicts({}).verdicts.empty());
}

TEST(LabelledVerdicts, GiveTheRatesOfAllVerdicts) {
  const std::vector<StoredVerdictSample> samples = AuditedMessages();
  const VerdictRates all = EstimateRates(samples), labelled = EstimateRates(LabelledVerdicts(samples));
  EXPECT_EQ(labelled.labelled, all.labelled);
  EXPECT_EQ(labelled.waiting, 0u);
  EXPECT_NEAR(labelled.false_positives.rate, all.false_positives.rate, 1e-12);
  EXPECT_NEAR(labelled.false_positives.low, all.false_positives.low, 1e-9);
  EXPECT_NEAR(labelled.spam.rate, all.spam.rate, 1e-12);
}

class VerdictSamplesOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, VerdictSamplesOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(VerdictSamplesOn, WaitInTheStoreForALabel) {
  const auto store = OpenStore();
  VerdictSample sample = *VerdictSampler({{1, 1}}).Draw(Message(1, 0.7));
  EXPECT_TRUE(store->AddVerdictSample(sample).value());
  EXPECT_FALSE(store->AddVerdictSample(sample).value()) << "one sample per message";
  const auto waiting = store->ListVerdictSamples({.labelled = false}).value();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_TRUE(waiting[0].sample.is_spam);
  EXPECT_EQ(waiting[0].sample.probability, 1);
  ASSERT_TRUE(store->LabelVerdictSample(waiting[0].id, "ham", "anna"));
  EXPECT_TRUE(store->ListVerdictSamples({.labelled = false}).value().empty());
  EXPECT_EQ(ReadVerdictLabels(*store).value().at("text 1"), "ham");
  EXPECT_EQ(ReadVerdictSamples(*store).value().at(0).sample.labelled_by, "anna");
  EXPECT_EQ(ErrorOf(store->LabelVerdictSample(999, "ham", "anna")).code, ErrorCode::kNotFound);
  sample.probability = 0;
  EXPECT_EQ(ErrorOf(store->AddVerdictSample(sample)).code, ErrorCode::kInvalidArgument);
}

TEST_P(VerdictSamplesOn, UsesOfTheMemoryKeepTheLatestTime) {
  const auto store = OpenStore();
  const StoreTime now = StoreNow();
  const std::string digest(32, 'a');
  for (const int hours : {-1, -2}) {
    const CampaignUse use{digest, now + std::chrono::hours(hours)};
    ASSERT_TRUE(store->RecordCampaignUses(std::span(&use, 1)));
  }
  const auto uses = store->ListCampaignUses(now - std::chrono::days(1)).value();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].at, now - std::chrono::hours(1));
  EXPECT_TRUE(store->ListCampaignUses(now).value().empty());
}

}  // namespace
}  // namespace winnow
