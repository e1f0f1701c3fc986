#include "feedback/judged_texts.h"

#include <gtest/gtest.h>

#include "support/feedback_events.h"

namespace winnow {
namespace {

TEST(JudgedTexts, WeightsOfUsersDecideAndAdministratorsOverruleThem) {
  std::vector<FeedbackEvent> events = {FeedbackWord("spam", 1, "anna"), FeedbackWord("spam", 2, "ben"),
                                       FeedbackWord("ham", 3, "carla")};
  auto states = CurrentFeedback(events);
  const std::vector<JudgedText> by_users = JudgeTexts(states, TrustTable({}, 0.7));
  ASSERT_EQ(by_users.size(), 1u);
  EXPECT_EQ(by_users[0].label, "spam");
  EXPECT_FALSE(by_users[0].tied);
  EXPECT_FALSE(by_users[0].by_admin);
  EXPECT_NEAR(by_users[0].weight, 2 * TrustTable({}, 0.7).WeightOf("anna"), 1e-12);
  EXPECT_NEAR(by_users[0].Share(), 2.0 / 3, 1e-12);
  EXPECT_EQ(by_users[0].at, events[2].created_at);
  events.push_back(FeedbackWord("ham", 0, "root"));
  events.back().feedback_type = "admin";
  states = CurrentFeedback(events);
  const std::vector<JudgedText> decided = JudgeTexts(states, TrustTable({}, 0.7));
  ASSERT_EQ(decided.size(), 1u);
  EXPECT_TRUE(decided[0].by_admin);
  EXPECT_EQ(decided[0].label, "ham");
  EXPECT_NEAR(decided[0].Share(), 1.0 / 3, 1e-12);
}

TEST(JudgedTexts, EqualWeightsAreTiedAndProgramsAreNotPeople) {
  FeedbackEvent machine = FeedbackWord("spam", 5, "anna", "judged by a program");
  machine.source = "big-model";
  const auto states =
      CurrentFeedback(std::to_array({FeedbackWord("spam", 1, "anna"), FeedbackWord("ham", 2, "ben"), machine}));
  const std::vector<JudgedText> judged = JudgeTexts(states, TrustTable({}, 0.7));
  ASSERT_EQ(judged.size(), 1u);
  EXPECT_TRUE(judged[0].tied);
}

}  // namespace
}  // namespace winnow
