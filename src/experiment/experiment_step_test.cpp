#include "experiment/experiment_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

const StoreTime kFirstStep = ParseTimeText("2026-11-28T12:00:00.000Z").value();

class ExperimentStepOn : public OnEveryDatabase {
 protected:
  /// A store with the versions 1.0.0 (the champion) and 1.1.0 of the model "spam".
  std::unique_ptr<Store> OpenRegistry() const {
    auto store = OpenStore();
    for (const char* const version : {"1.0.0", "1.1.0", "1.2.0"}) {
      EXPECT_TRUE(store->AddModelVersion(
          {.name = "spam", .version = version, .digest = version, .uri = version, .pushed_by = "anna"}));
    }
    EXPECT_TRUE(store->ChangeAlias({.name = "spam", .alias = "champion", .version = "1.0.0", .actor = "anna"}));
    return store;
  }
  static std::string Meaning(Store& store, const std::string& alias) {
    const std::vector<AliasRow> rows = store.ListAliases("spam").value();
    for (const AliasRow& row : rows)
      if (row.alias == alias) return row.version.value_or("(removed)");
    return "(none)";
  }
  static void Report(Store& store, const ExperimentKey& key, const std::string& arm, int number, StoreTime at,
                     const std::string& prefix = "u") {
    std::vector<ExperimentReport> reports;
    for (int i = 0; i < number; ++i) {
      const std::string id = prefix + arm + std::to_string(i);
      reports.push_back({.user_id = id, .event_id = id, .arm = arm, .share = 0.5, .at = at + milliseconds(i)});
    }
    ASSERT_TRUE(store.AddExperimentReports(key, reports));
  }
  static std::vector<std::string> ActionsOf(Store& store, const ExperimentKey& key) {
    std::vector<std::string> actions;
    const std::vector<ExperimentDecisionRecord> decisions = store.ListExperimentDecisions(key).value();
    for (const ExperimentDecisionRecord& decision : decisions) actions.push_back(decision.action);
    return actions;
  }
};
INSTANTIATE_TEST_SUITE_P(Databases, ExperimentStepOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(ExperimentStepOn, BeginsWithTheChallengerAlias) {
  const auto store = OpenRegistry();
  const Experiment experiment = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep).value();
  EXPECT_EQ(ExperimentId(experiment.record.key), "spam/1");
  EXPECT_EQ(experiment.record.champion, "1.0.0");
  EXPECT_EQ(Meaning(*store, "challenger"), "1.1.0");
  EXPECT_EQ(ErrorOf(StartExperiment(*store, "spam", "1.2.0", {}, "anna", kFirstStep)).code, ErrorCode::kExists);
}

TEST_P(ExperimentStepOn, RefusesWhatCannotBeCompared) {
  const auto store = OpenRegistry();
  const auto message = [&](const std::string& model, const std::string& candidate) {
    return ErrorOf(StartExperiment(*store, model, candidate, {}, "anna", kFirstStep)).message;
  };
  EXPECT_THAT(message("other", "1.1.0"), HasSubstr("other has no champion"));
  EXPECT_THAT(message("spam", "1.0.0"), HasSubstr("is the champion itself"));
  EXPECT_THAT(message("spam", "7.0.0"), HasSubstr("there is no version 7.0.0"));
}

TEST_P(ExperimentStepOn, ABadCandidateIsRolledBack) {
  const auto store = OpenRegistry();
  const ExperimentKey key =
      StartExperiment(*store, "spam", "1.1.0", {.hold = hours(24)}, "anna", kFirstStep)->record.key;
  Report(*store, key, "candidate", 12, kFirstStep + minutes(5));
  Report(*store, key, "control", 2, kFirstStep + minutes(30));
  EXPECT_TRUE(StepExperiment(*store, key, kFirstStep + minutes(5))->record.active)
      << "the reports wait for earlier ones";
  const Experiment after = StepExperiment(*store, key, kFirstStep + minutes(10)).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kRolledBack);
  EXPECT_FALSE(after.record.active);
  EXPECT_EQ(Meaning(*store, "champion"), "1.0.0");
  EXPECT_EQ(Meaning(*store, "challenger"), "(removed)");
  EXPECT_THAT(ActionsOf(*store, key), ElementsAre("start", "roll_back"));
  const auto audit = store->ListAudit({.action = "experiment.roll_back"}).value();
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].entry.actor, "experiment spam/1");
  EXPECT_THAT(audit[0].entry.details, HasSubstr("12 of 12 users"));
}

TEST_P(ExperimentStepOn, AGoodCandidateBecomesTheChampion) {
  const auto store = OpenRegistry();
  const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep)->record.key;
  Report(*store, key, "control", 12, kFirstStep + minutes(5));
  const Experiment after = StepExperiment(*store, key, kFirstStep + minutes(10)).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kPromoted);
  EXPECT_EQ(Meaning(*store, "champion"), "1.1.0");
  EXPECT_EQ(Meaning(*store, "challenger"), "(removed)");
  const auto history = store->ListAliasHistory({.name = "spam", .alias = "champion"}).value();
  EXPECT_EQ(history[0].actor, "experiment spam/1");
  EXPECT_THAT(history[0].reason, HasSubstr("T1: 0 of 12 users"));
}

/// Records that the candidate is to be promoted, which the next step carries out.
auto DecidePromotion(Store& store, Experiment experiment) {
  experiment.state.phase = ExperimentPhase::kPromoting;
  return store.ChangeExperiment(experiment.record.key, kFirstStep, [&](const ExperimentInput&) {
    return ExperimentChange{
        .state = ToJson(experiment.state).dump(), .action = "promote", .reason = "T1", .actor = "x"};
  });
}

TEST_P(ExperimentStepOn, ADecisionThatWasNotCarriedOutIsCarriedOutByTheNextStep) {
  const auto store = OpenRegistry();
  const Experiment begun = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep).value();
  ASSERT_TRUE(DecidePromotion(*store, begun));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(StepExperiment(*store, begun.record.key, kFirstStep + hours(1))->state.phase, ExperimentPhase::kPromoted);
    EXPECT_EQ(Meaning(*store, "champion"), "1.1.0");
  }
  EXPECT_EQ(store->ListAliasHistory({.name = "spam", .alias = "champion"})->size(), 2u);
}

TEST_P(ExperimentStepOn, EndsWhenSomebodyChangesTheChampion) {
  const auto store = OpenRegistry();
  const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep)->record.key;
  Report(*store, key, "control", 12, kFirstStep + minutes(5));
  ASSERT_TRUE(store->ChangeAlias({.name = "spam", .alias = "champion", .version = "1.2.0", .actor = "ben"}));
  const Experiment after = StepExperiment(*store, key, kFirstStep + minutes(10)).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kStopped);
  EXPECT_EQ(Meaning(*store, "champion"), "1.2.0");
  EXPECT_THAT(store->ListExperimentDecisions(key)->back().reason,
              HasSubstr("spam@champion was changed to 1.2.0 by ben"));
}

TEST_P(ExperimentStepOn, APromotionDoesNotReplaceAChampionThatSomebodyHasChosenMeanwhile) {
  const auto store = OpenRegistry();
  const Experiment begun = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep).value();
  ASSERT_TRUE(DecidePromotion(*store, begun));
  ASSERT_TRUE(store->ChangeAlias({.name = "spam", .alias = "champion", .version = "1.2.0", .actor = "ben"}));
  EXPECT_EQ(StepExperiment(*store, begun.record.key, kFirstStep + hours(1))->state.phase, ExperimentPhase::kStopped);
  EXPECT_EQ(Meaning(*store, "champion"), "1.2.0");
}

TEST_P(ExperimentStepOn, ServerErrorsOfTheCandidatePauseTheRampButNotInShadowMode) {
  const auto store = OpenRegistry();
  for (const bool shadow : {false, true}) {
    const ExperimentKey key =
        StartExperiment(*store, "spam", "1.1.0", {.shadow = shadow}, "anna", kFirstStep)->record.key;
    ASSERT_TRUE(store->SetExperimentCounters(
        key, std::vector<ExperimentCounters>{{"s", "control", R"({"requests":10000,"errors":10})"},
                                             {"s", "candidate", R"({"requests":10000,"errors":100})"}}));
    const Experiment after = StepExperiment(*store, key, kFirstStep + hours(1)).value();
    const bool errors = after.state.pause && after.state.pause->text.find("100 of 10000 requests") != std::string::npos;
    EXPECT_EQ(errors, !shadow);
    EXPECT_EQ(ReadReportCard(*store, after)->findings.size(), shadow ? 0u : 1u);
    ASSERT_TRUE(StopExperiment(*store, "spam", "enough", "ben"));
  }
}

TEST_P(ExperimentStepOn, StopsByHand) {
  const auto store = OpenRegistry();
  ASSERT_TRUE(StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep));
  const Experiment after = StopExperiment(*store, "spam", "enough", "ben").value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kStopped);
  EXPECT_EQ(Meaning(*store, "challenger"), "(removed)");
  EXPECT_EQ(ErrorOf(StopExperiment(*store, "spam", "", "ben")).code, ErrorCode::kNotFound);
}

TEST_P(ExperimentStepOn, GivesTheChallengerAliasBackWhenItIsStopped) {
  const auto store = OpenRegistry();
  ASSERT_TRUE(store->ChangeAlias({.name = "spam", .alias = "challenger", .version = "1.2.0", .actor = "anna"}));
  ASSERT_TRUE(StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep));
  EXPECT_EQ(Meaning(*store, "challenger"), "1.1.0");
  ASSERT_TRUE(StopExperiment(*store, "spam", "enough", "ben"));
  EXPECT_EQ(Meaning(*store, "challenger"), "1.2.0");
  ASSERT_TRUE(StartExperiment(*store, "spam", "1.2.0", {}, "anna", kFirstStep));
  ASSERT_TRUE(StopExperiment(*store, "spam", "enough", "ben"));
  EXPECT_EQ(Meaning(*store, "challenger"), "1.2.0") << "it meant the candidate before";
}

TEST_P(ExperimentStepOn, AChallengerAliasThatSomebodyHasChangedStays) {
  const auto store = OpenRegistry();
  const auto start = [&] {
    const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep)->record.key;
    EXPECT_EQ(Meaning(*store, "challenger"), "1.1.0");
    EXPECT_TRUE(store->ChangeAlias({.name = "spam", .alias = "challenger", .version = "1.2.0", .actor = "ben"}));
    return key;
  };
  start();
  ASSERT_TRUE(StopExperiment(*store, "spam", "enough", "ben"));
  EXPECT_EQ(Meaning(*store, "challenger"), "1.2.0") << "stopped by hand";
  const ExperimentKey bad = start();
  Report(*store, bad, "candidate", 12, kFirstStep + minutes(5));
  EXPECT_EQ(StepExperiment(*store, bad, kFirstStep + minutes(10))->state.phase, ExperimentPhase::kRolledBack);
  EXPECT_EQ(Meaning(*store, "challenger"), "1.2.0") << "rolled back";
  const ExperimentKey good = start();
  Report(*store, good, "control", 12, kFirstStep + minutes(5));
  EXPECT_EQ(StepExperiment(*store, good, kFirstStep + minutes(10))->state.phase, ExperimentPhase::kPromoted);
  EXPECT_EQ(Meaning(*store, "champion"), "1.1.0");
  EXPECT_EQ(Meaning(*store, "challenger"), "1.2.0") << "promoted";
}

TEST_P(ExperimentStepOn, APromotionThatHasBegunIsNotStopped) {
  const auto store = OpenRegistry();
  const Experiment begun = StartExperiment(*store, "spam", "1.1.0", {}, "anna", kFirstStep).value();
  ASSERT_TRUE(DecidePromotion(*store, begun));
  const Error error = ErrorOf(StopExperiment(*store, "spam", "enough", "ben"));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_EQ(error.message, "the tests have decided, and the candidate is being promoted");
  EXPECT_THAT(ActionsOf(*store, begun.record.key), ElementsAre("start", "promote"));
  EXPECT_EQ(Meaning(*store, "challenger"), "1.1.0");
  EXPECT_EQ(StepExperiment(*store, begun.record.key, kFirstStep + hours(1))->state.phase, ExperimentPhase::kPromoted);
  EXPECT_EQ(ErrorOf(StopExperiment(*store, "spam", "enough", "ben")).code, ErrorCode::kNotFound);
}

TEST_P(ExperimentStepOn, ADryRunChangesNoChampion) {
  const auto store = OpenRegistry();
  const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", {.dry_run = true}, "anna", kFirstStep)->record.key;
  Report(*store, key, "control", 12, kFirstStep + minutes(5));
  EXPECT_EQ(StepExperiment(*store, key, kFirstStep + minutes(10))->state.phase, ExperimentPhase::kStopped);
  EXPECT_EQ(Meaning(*store, "champion"), "1.0.0");
  EXPECT_THAT(store->ListExperimentDecisions(key)->back().reason, HasSubstr("dry run, nothing was changed"));
}

TEST_P(ExperimentStepOn, BlindLabelsDecideInShadowMode) {
  const auto store = OpenRegistry();
  const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", {.shadow = true}, "anna", kFirstStep)->record.key;
  std::vector<ExperimentDisagreement> drawn;
  for (int i = 0; i < 12; ++i) {
    drawn.push_back({.message_id = "m" + std::to_string(i),
                     .champion_is_spam = i % 2 == 0,
                     .created_at = kFirstStep + milliseconds(i),
                     .is_spam = i % 2 == 0});
  }
  ASSERT_TRUE(store->AddDisagreements(key, drawn));
  EXPECT_EQ(ReadReportCard(*store, StepExperiment(*store, key, kFirstStep + hours(1)).value())->waiting_labels, 12);
  ASSERT_TRUE(store->LabelDisagreements(key, drawn));
  ASSERT_TRUE(store->SetExperimentCounters(
      key, std::vector<ExperimentCounters>{{"s", kComparedCounters, R"({"requests":1000,"disagreements":50})"}}));
  const Experiment after = StepExperiment(*store, key, kFirstStep + hours(2)).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kRolledBack);
  const DifferenceEstimate difference = ReadReportCard(*store, after)->difference;
  EXPECT_EQ(difference.labels, 12);
  EXPECT_EQ(difference.wrong, 1);
  EXPECT_DOUBLE_EQ(difference.difference, 0.05);
  EXPECT_GT(difference.interval.low, 0);
}

/// Any number of servers that take steps at any time, with reports that arrive late, twice and out of order, give what
/// one server gives that gets each report in time.
TEST_P(ExperimentStepOn, ThreadsOfServersGiveTheResultOfOneServer) {
  const auto store = OpenRegistry();
  const ExperimentPlan plan{.tests = {.alpha = 1e-9}, .settle = minutes(1)};
  const ExperimentKey key = StartExperiment(*store, "spam", "1.1.0", plan, "anna", kFirstStep)->record.key;
  Random random(3);
  std::vector<ExperimentReport> reports;
  ComplaintTests expected;
  for (int i = 0; i < 60; ++i) {
    const bool candidate = random.Uniform() < 0.6;
    const std::string id = "u" + std::to_string(i);
    reports.push_back(
        {id, id, candidate ? "candidate" : "control", 0.5, kFirstStep + minutes(1) + milliseconds(100 * i), {}});
    expected.Add({.arm = candidate ? Arm::kCandidate : Arm::kControl}, plan.tests);
  }
  random.Shuffle(reports);
  std::vector<std::thread> servers;
  for (int server = 0; server < 3; ++server) {
    servers.emplace_back([&, server] {
      const auto own = OpenStore();
      for (size_t i = 0; i < reports.size(); ++i) {
        if (i % 3 == static_cast<size_t>(server) || i % 7 == 0) {
          EXPECT_TRUE(own->AddExperimentReports(key, std::span(reports).subspan(i, 1)));
        }
        // Within the time for which reports wait for earlier ones: the order of their arrival has no effect.
        const auto stepped = StepExperiment(*own, key, kFirstStep + minutes(1));
        EXPECT_TRUE(stepped || IsOutage(stepped.error())) << stepped.error().Text();
      }
    });
  }
  for (std::thread& server : servers) server.join();
  const Experiment after = StepExperiment(*store, key, kFirstStep + hours(1)).value();
  EXPECT_EQ(after.state.complaints, expected);
  EXPECT_EQ(StepExperiment(*store, key, kFirstStep + hours(2))->state.complaints, expected);
}

}  // namespace
}  // namespace winnow
