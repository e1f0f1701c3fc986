#include "experiment/live_experiments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/store_databases.h"

namespace winnow {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class LiveExperimentsTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = Store::Open({.url = "sqlite://" + (directory_.path() / "store.db").string()}).value();
    for (const char* const version : {"1.0.0", "1.1.0"}) {
      ASSERT_TRUE(store_->AddModelVersion(
          {.name = "spam", .version = version, .digest = version, .uri = version, .pushed_by = "anna"}));
    }
    ASSERT_TRUE(store_->ChangeAlias({.name = "spam", .alias = "champion", .version = "1.0.0", .actor = "anna"}));
  }
  ExperimentKey Start(const ExperimentPlan& plan) {
    const ExperimentKey key = StartExperiment(*store_, "spam", "1.1.0", plan, "anna", start_).value().record.key;
    EXPECT_TRUE(live_.Exchange(*store_, store_.get(), start_));
    return key;
  }
  /// A user of an arm of the experiment spam/1.
  static std::string UserOf(Arm arm, double share, int number = 0) {
    for (int i = 0;; ++i) {
      const std::string user = "user" + std::to_string(i);
      if (ArmOf(PlaceOf("spam/1", user), share) == arm && number-- == 0) return user;
    }
  }
  void Reject(const std::string& user, const std::string& version, StoreTime answered) {
    const std::string id = "m" + std::to_string(++messages_);
    MessageRecord message{
        .message_id = id, .text = id, .user_id = user, .model_version = version, .source = "classifier"};
    message.created_at = answered;
    ASSERT_TRUE(store_->RecordMessages(std::vector{message}));
    FeedbackEvent event{.idempotency_key = id, .text = id, .is_spam = true, .feedback_type = "user_rejection"};
    event.message_id = id;
    event.user_id = user;
    event.model_version = version;
    event.created_at = answered + seconds(1);
    ASSERT_TRUE(store_->AddFeedback(event));
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  LiveExperiments live_{"server-1"};
  const StoreTime start_ = StoreNow();
  const StoreTime running_ = start_ + minutes(1);
  int messages_ = 0;
};

TEST_F(LiveExperimentsTest, AssignsUsersOfTheModelWhileItRuns) {
  EXPECT_FALSE(live_.Assign("spam", "anna", "m", running_));
  Start({.ramp = {0.2}});
  EXPECT_FALSE(live_.Assign("spam", "anna", "m", start_)) << "other servers do not know of it yet";
  EXPECT_FALSE(live_.Assign("spam", "", "m", running_));
  EXPECT_FALSE(live_.Assign("other", "anna", "m", running_));
  const auto candidate = live_.Assign("spam", UserOf(Arm::kCandidate, 0.2), "m", running_);
  ASSERT_TRUE(candidate);
  EXPECT_TRUE(candidate->shows_candidate());
  EXPECT_EQ(candidate->candidate(), "1.1.0");
  EXPECT_FALSE(candidate->compare);
  EXPECT_EQ(live_.Assign("spam", UserOf(Arm::kControl, 0.2), "m", running_)->arm, Arm::kControl);
  EXPECT_EQ(live_.Assign("spam", UserOf(Arm::kNone, 0.2), "m", running_)->arm, Arm::kNone);
  ASSERT_TRUE(StopExperiment(*store_, "spam", "enough", "anna"));
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_));
  EXPECT_FALSE(live_.Assign("spam", "anna", "m", running_));
}

TEST_F(LiveExperimentsTest, InShadowModeEveryMessageIsComparedAndNoCandidateShown) {
  Start({.ramp = {0.5}, .shadow = true});
  const auto assignment = live_.Assign("spam", UserOf(Arm::kCandidate, 0.5), "m", running_);
  EXPECT_FALSE(assignment->shows_candidate());
  EXPECT_TRUE(assignment->compare);
}

TEST_F(LiveExperimentsTest, ComparesTheStatedShareOfMessages) {
  Start({.ramp = {0.5}, .compare_share = 0.3});
  int compared = 0;
  for (int i = 0; i < 5000; ++i) compared += live_.Assign("spam", "anna", std::to_string(i), running_)->compare;
  EXPECT_NEAR(compared, 1500, 150);
}

TEST_F(LiveExperimentsTest, CountsUsersOnceAndErrorsOfTheCandidateAsTheChampionsAnswers) {
  const ExperimentKey key = Start({.ramp = {0.5}});
  const std::string candidate = UserOf(Arm::kCandidate, 0.5), failing = UserOf(Arm::kCandidate, 0.5, 1);
  const auto assignment = *live_.Assign("spam", candidate, "m", running_);
  for (int i = 0; i < 10; ++i) live_.Answered(assignment, candidate, 0.01, false, running_);
  live_.Answered(assignment, failing, 0.01, false, running_);
  live_.Answered(assignment, failing, 0.01, true, running_);
  const std::string control = UserOf(Arm::kControl, 0.5);
  live_.Answered(*live_.Assign("spam", control, "m", running_), control, 0.01, false, running_);
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_));
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_));
  const ExperimentReportCard card =
      ReadReportCard(*store_, FindNewestExperiment(*store_, "spam").value().value()).value();
  EXPECT_EQ(card.guardrails.candidate.requests, 12u);
  EXPECT_EQ(card.guardrails.candidate.errors, 1u);
  EXPECT_EQ(card.guardrails.control.requests, 1u);
  ASSERT_EQ(card.guardrails.users.size(), 1u);
  EXPECT_EQ(card.guardrails.users[0].candidate, 2);
  EXPECT_EQ(card.guardrails.users[0].control, 1);
  EXPECT_EQ(card.guardrails.users_in_both_arms, 1);
  EXPECT_EQ(store_->CountExperimentUsers(key)->size(), 2u);
}

TEST_F(LiveExperimentsTest, FeedbackBecomesReportsOfTheArmThatAnswered) {
  const ExperimentKey key = Start({.ramp = {0.2}});
  const StoreTime answered = running_;
  Reject(UserOf(Arm::kCandidate, 0.2), "1.1.0", answered);
  Reject(UserOf(Arm::kCandidate, 0.2), "1.1.0", answered + seconds(9));  // the second report of one user
  Reject(UserOf(Arm::kCandidate, 0.2, 1), "1.0.0", answered);  // the champion answered in place of the candidate
  Reject(UserOf(Arm::kControl, 0.2, 2), "0.9.0", answered);    // another model
  Reject(UserOf(Arm::kControl, 0.2), "1.0.0", answered);
  Reject(UserOf(Arm::kNone, 0.2), "1.0.0", answered);
  Reject(UserOf(Arm::kControl, 0.2, 1), "1.0.0", start_ + seconds(1));  // before the experiment had users
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_));
  const auto reports = store_->ListExperimentReports(key).value();
  std::map<std::string, std::string> arms;
  for (const ExperimentReport& report : reports) arms[report.user_id] = report.arm;
  EXPECT_EQ(arms, (std::map<std::string, std::string>{{UserOf(Arm::kCandidate, 0.2), "candidate"},
                                                      {UserOf(Arm::kCandidate, 0.2, 1), "candidate"},
                                                      {UserOf(Arm::kControl, 0.2), "control"}}));
  EXPECT_EQ(reports[0].at, answered + seconds(1));
  EXPECT_EQ(reports[0].share, 0.5);
}

TEST_F(LiveExperimentsTest, FeedbackOfABadCandidateRollsItBackAlsoAfterARestart) {
  const ExperimentKey key = Start({.ramp = {0.5}});
  for (int i = 0; i < 7; ++i) Reject(UserOf(Arm::kCandidate, 0.5, i), "1.1.0", running_);
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_ + minutes(2)));
  EXPECT_TRUE(store_->ListExperiments({})->front().active);
  for (int i = 7; i < 12; ++i) Reject(UserOf(Arm::kCandidate, 0.5, i), "1.1.0", running_ + minutes(5));
  LiveExperiments restarted("server-2");
  ASSERT_TRUE(restarted.Exchange(*store_, store_.get(), running_ + minutes(10)));
  const Experiment after = ReadExperiment(store_->ListExperiments({}).value().front()).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kRolledBack);
  EXPECT_EQ(after.state.complaints.rollback.count(), 12);
  EXPECT_TRUE(restarted.List().empty());
}

TEST_F(LiveExperimentsTest, DrawnDisagreementsAreLabelledLikeOtherVerdictsAndDecide) {
  const ExperimentKey key = Start({.ramp = {0.5}, .shadow = true});
  const auto assignment = *live_.Assign("spam", "anna", "m", running_);
  for (int i = 0; i < 30; ++i) {
    const std::string id = "m" + std::to_string(i);
    live_.Compared(assignment, /*disagree=*/i < 12,
                   {.message_id = id, .text = "text " + id, .is_spam = true, .score = 0.9, .created_at = running_});
  }
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_));
  const auto drawn = store_->ListVerdictSamples({.labelled = false}).value();
  ASSERT_EQ(drawn.size(), 12u);
  EXPECT_EQ(drawn[0].sample.stratum, kDisagreementStratum);
  for (const StoredVerdictSample& sample : drawn) ASSERT_TRUE(store_->LabelVerdictSample(sample.id, "ham", "ben"));
  ASSERT_TRUE(live_.Exchange(*store_, store_.get(), running_ + minutes(1)));
  const Experiment after = ReadExperiment(store_->ListExperiments({}).value().front()).value();
  EXPECT_EQ(after.state.phase, ExperimentPhase::kPromoted) << "the champion was wrong in all of them";
  const DifferenceEstimate difference = ReadReportCard(*store_, after)->difference;
  EXPECT_EQ(difference.compared, 30);
  EXPECT_EQ(difference.disagreements, 12);
  EXPECT_DOUBLE_EQ(difference.difference, -0.4);
}

}  // namespace
}  // namespace winnow
