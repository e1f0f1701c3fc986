#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/json.h"
#include "base/random.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ExperimentsOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, ExperimentsOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

const StoreTime kStart = ParseTimeText("2026-11-28T12:00:00.000Z").value();

ExperimentRecord Experiment(const std::string& model = "spam") {
  return {.key = {.model = model}, .champion = "1.0.0", .candidate = "1.1.0", .created_by = "anna"};
}

ExperimentReport Report(const std::string& user, const std::string& event, int at, const std::string& arm = "control") {
  return {.user_id = user, .event_id = event, .arm = arm, .share = 0.5, .at = kStart + milliseconds(at)};
}

/// A step that counts what waits, in the field "count" of the state.
Result<std::optional<ExperimentChange>> Count(const ExperimentInput& input) {
  if (input.reports.empty() && input.labels.empty()) return std::nullopt;
  const Json state = TRY(ParseJson(input.experiment.state, "state"));
  const int64_t counted =
      state.value("count", int64_t{0}) + static_cast<int64_t>(input.reports.size() + input.labels.size());
  return ExperimentChange{.state = Json{{"count", counted}}.dump()};
}

std::vector<std::string> EventsOf(const std::vector<ExperimentReport>& reports) {
  std::vector<std::string> events;
  for (const ExperimentReport& report : reports) events.push_back(report.event_id);
  return events;
}

TEST_P(ExperimentsOn, OneExperimentOfAModelIsActive) {
  const auto store = OpenStore();
  const ExperimentRecord first = store->AddExperiment(Experiment(), "to try").value();
  EXPECT_EQ(first.key, (ExperimentKey{"spam", 1}));
  const Error error = ErrorOf(store->AddExperiment(Experiment(), ""));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_THAT(error.message, HasSubstr("the experiment spam/1 with the candidate 1.1.0 is running"));
  EXPECT_EQ(store->AddExperiment(Experiment("other"), "").value().key, (ExperimentKey{"other", 1}));
  ASSERT_TRUE(store->ChangeExperiment(first.key, kStart, [](const ExperimentInput&) {
    return ExperimentChange{.state = "{}", .active = false, .action = "stop", .reason = "enough", .actor = "anna"};
  }));
  EXPECT_EQ(store->AddExperiment(Experiment(), "again").value().key, (ExperimentKey{"spam", 2}));
  EXPECT_EQ(store->ListExperiments({.model = "spam"}).value().size(), 2u);
  EXPECT_EQ(store->ListExperiments({.active = true}).value().size(), 2u);
  const auto decisions = store->ListExperimentDecisions(first.key).value();
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].action, "start");
  EXPECT_EQ(decisions[1].reason, "enough");
  const auto audit = store->ListAudit({.action = "experiment.stop"}).value();
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].entry.actor, "anna");
  EXPECT_THAT(audit[0].entry.details, HasSubstr("\"candidate\":\"1.1.0\""));
}

TEST_P(ExperimentsOn, ThreadsThatStartExperimentsTogetherStartOne) {
  const auto store = OpenStore();
  std::atomic<int> started = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      ExperimentRecord experiment = Experiment();
      experiment.created_by = "user" + std::to_string(i);
      const auto added = store->AddExperiment(experiment, "");
      ++(added ? started : refused);
      EXPECT_TRUE(added || added.error().code == ErrorCode::kExists) << added.error().Text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(refused, 3);
}

TEST_P(ExperimentsOn, KeepsTheFirstReportOfEachUserWhateverTheOrder) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  std::vector<ExperimentReport> reports = {Report("anna", "e1", 10), Report("anna", "e2", 20),
                                           Report("ben", "e4", 15, "candidate"), Report("ben", "e3", 15, "candidate"),
                                           Report("cleo", "e5", 12)};
  Random random(1);
  for (int i = 0; i < 5; ++i) {
    random.Shuffle(reports);
    ASSERT_TRUE(store->AddExperimentReports(key, reports));
  }
  EXPECT_THAT(EventsOf(store->ListExperimentReports(key).value()), ElementsAre("e1", "e5", "e3"));
  const auto stored = store->ListExperimentReports(key).value();
  EXPECT_EQ(stored[2].arm, "candidate");
  EXPECT_EQ(stored[2].share, 0.5);
  EXPECT_EQ(stored[2].at, kStart + milliseconds(15));
}

TEST_P(ExperimentsOn, CountsReportsOnceInTheOrderOfTheirTimes) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  ASSERT_TRUE(
      store->AddExperimentReports(key, std::vector{Report("a", "1", 30), Report("b", "2", 10), Report("c", "3", 99)}));
  std::vector<std::string> seen;
  const auto step = [&](const ExperimentInput& input) {
    seen = EventsOf(input.reports);
    return Count(input);
  };
  EXPECT_EQ(store->ChangeExperiment(key, kStart + milliseconds(50), step)->state, R"({"count":2})");
  EXPECT_THAT(seen, ElementsAre("2", "1"));
  // One that comes late is counted with the next ones, one of a counted user not at all.
  ASSERT_TRUE(store->AddExperimentReports(key, std::vector{Report("d", "4", 20), Report("a", "0", 1)}));
  const ExperimentRecord after = store->ChangeExperiment(key, kStart + milliseconds(100), step).value();
  EXPECT_EQ(after.state, R"({"count":4})");
  EXPECT_EQ(after.revision, 3);
  EXPECT_THAT(seen, ElementsAre("4", "3"));
  EXPECT_EQ(store->ChangeExperiment(key, kStart + milliseconds(200), step)->revision, 3) << "nothing waits";
  EXPECT_THAT(EventsOf(store->ListExperimentReports(key).value()), ElementsAre("2", "1", "4", "3"));
  EXPECT_EQ(OpenStore()->ListExperiments({}).value()[0].state, R"({"count":4})") << "another process sees it";
}

TEST_P(ExperimentsOn, ThreadsOfSeveralServersCountNothingTwiceAndLoseNothing) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  constexpr int kServers = 3, kUsers = 40;
  std::vector<std::thread> threads;
  for (int server = 0; server < kServers; ++server) {
    threads.emplace_back([&, server] {
      const auto own = OpenStore();
      for (int i = 0; i < kUsers; ++i) {
        const std::string user = "u" + std::to_string(server * kUsers + i), shared = "s" + std::to_string(i);
        EXPECT_TRUE(own->AddExperimentReports(key, std::vector{Report(user, user, i), Report(shared, shared, i)}));
        const auto changed = own->ChangeExperiment(key, kStart + milliseconds(1000), Count);
        EXPECT_TRUE(changed || IsOutage(changed.error())) << changed.error().Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->ChangeExperiment(key, kStart + milliseconds(1000), Count)->state,
            fmt::format(R"({{"count":{}}})", kServers * kUsers + kUsers));
}

TEST_P(ExperimentsOn, AnErrorOfAStepChangesNothing) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  ASSERT_TRUE(store->AddExperimentReports(key, std::vector{Report("a", "1", 1)}));
  int calls = 0;
  const Error error = ErrorOf(store->ChangeExperiment(
      key, kStart + milliseconds(5), [&](const ExperimentInput&) -> Result<std::optional<ExperimentChange>> {
        ++calls;
        return Fail(ErrorCode::kInvalidData, "damaged");
      }));
  EXPECT_EQ(error.message, "damaged");
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(store->ListExperimentReports(key).value()[0].settled_until);
  EXPECT_EQ(ErrorOf(store->ChangeExperiment({"spam", 9}, kStart, Count)).code, ErrorCode::kNotFound);
}

TEST_P(ExperimentsOn, CountsUsersByTheirFirstArm) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  const auto user = [](const std::string& id, const std::string& arm, double share = 0.5) {
    return ExperimentUser{.user_id = id, .arm = arm, .share = share, .at = kStart};
  };
  ASSERT_TRUE(store->AddExperimentUsers(
      key, std::vector{user("a", "control"), user("b", "candidate"), user("c", "control", 0.8)}));
  ASSERT_TRUE(store->AddExperimentUsers(
      key, std::vector{user("a", "control", 0.8), user("b", "control"), user("b", "candidate")}));
  const auto counts = store->CountExperimentUsers(key).value();
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[0].arm, "candidate");
  EXPECT_EQ(counts[0].users, 1);
  EXPECT_EQ(counts[0].moved, 1);
  EXPECT_EQ(counts[1].arm, "control");
  EXPECT_EQ(counts[1].users, 1);
  EXPECT_EQ(counts[1].moved, 0);
  EXPECT_EQ(counts[2].share, 0.8);
}

TEST_P(ExperimentsOn, CountsTheFirstLabelOfADisagreement) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  const auto drawn = [](const std::string& id, int at, std::optional<bool> label = {}) {
    return ExperimentDisagreement{
        .message_id = id, .champion_is_spam = true, .created_at = kStart + milliseconds(at), .is_spam = label};
  };
  ASSERT_TRUE(store->AddDisagreements(key, std::vector{drawn("m1", 2), drawn("m2", 1), drawn("m3", 3)}));
  ASSERT_TRUE(store->AddDisagreements(key, std::vector{drawn("m1", 9)}));
  EXPECT_EQ(store->ChangeExperiment(key, kStart, Count)->revision, 1) << "none has a label";
  ASSERT_TRUE(
      store->LabelDisagreements(key, std::vector{drawn("m1", 0, true), drawn("m2", 0, false), drawn("m9", 0, true)}));
  ASSERT_TRUE(store->LabelDisagreements(key, std::vector{drawn("m1", 0, false)}));
  EXPECT_EQ(store->ChangeExperiment(key, kStart, Count)->state, R"({"count":2})");
  EXPECT_EQ(store->ChangeExperiment(key, kStart, Count)->revision, 2);
  const auto all = store->ListDisagreements(key).value();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].message_id, "m2");
  EXPECT_EQ(all[0].is_spam, false);
  EXPECT_EQ(all[0].counted_in, 2);
  EXPECT_EQ(all[1].is_spam, true);
  EXPECT_FALSE(all[2].is_spam || all[2].counted_in);
}

TEST_P(ExperimentsOn, AVerdictDrawnFromAllTakesThePlaceOfADisagreementAndKeepsItsLabel) {
  const auto store = OpenStore();
  const auto sample = [](const char* stratum, double probability) {
    return VerdictSample{.message_id = "m", .text = "t", .stratum = stratum, .probability = probability};
  };
  EXPECT_TRUE(store->AddVerdictSample(sample(kDisagreementStratum, 1)).value());
  ASSERT_TRUE(store->LabelVerdictSample(1, "ham", "ben"));
  EXPECT_FALSE(store->AddVerdictSample(sample(kDisagreementStratum, 0.5)).value());
  EXPECT_TRUE(store->AddVerdictSample(sample("0-1", 0.1)).value());
  EXPECT_FALSE(store->AddVerdictSample(sample(kDisagreementStratum, 1)).value());
  EXPECT_FALSE(store->AddVerdictSample(sample("0.5-1", 0.2)).value());
  const auto stored = store->ListVerdictSamples({}).value();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].sample.stratum, "0-1");
  EXPECT_EQ(stored[0].sample.probability, 0.1);
  EXPECT_EQ(stored[0].sample.label, "ham");
}

TEST_P(ExperimentsOn, CountersOfAServerReplaceItsFormerOnes) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  ASSERT_TRUE(store->SetExperimentCounters(
      key, std::vector<ExperimentCounters>{{"s1", "control", R"({"n":1})"}, {"s2", "control", R"({"n":5})"}}));
  ASSERT_TRUE(store->SetExperimentCounters(key, std::vector<ExperimentCounters>{{"s1", "control", R"({"n":2})"}}));
  const auto counters = store->ListExperimentCounters(key).value();
  ASSERT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters[0].counters, R"({"n":2})");
}

TEST_P(ExperimentsOn, ForgetsAUser) {
  const auto store = OpenStore();
  const ExperimentKey key = store->AddExperiment(Experiment(), "").value().key;
  const StoreTime before = StoreNow() - std::chrono::hours(1);
  const ExperimentUser users[] = {{"anna", "control", 0.5, before}, {"ben", "control", 0.5, before}};
  const ExperimentReport reports[] = {{"anna", "e1", "control", 0.5, before, {}},
                                      {"ben", "e2", "control", 0.5, before, {}}};
  const ExperimentDisagreement messages[] = {{.message_id = "m1", .created_at = before, .user_id = "anna"},
                                             {.message_id = "m2", .created_at = before}};
  const auto add = [&] {
    ASSERT_TRUE(store->AddExperimentUsers(key, users));
    ASSERT_TRUE(store->AddExperimentReports(key, reports));
    ASSERT_TRUE(store->AddDisagreements(key, messages));
  };
  add();
  EXPECT_EQ(store->Forget({.message_ids = {"m2"}, .users = {"anna"}})->experiments, 4);
  EXPECT_EQ(store->Forget({.users = {"anna"}})->experiments, 0);
  add();  // another server did not know it yet
  EXPECT_EQ(store->CountExperimentUsers(key).value()[0].users, 1);
  EXPECT_THAT(EventsOf(store->ListExperimentReports(key).value()), ElementsAre("e2"));
}

}  // namespace
}  // namespace winnow
