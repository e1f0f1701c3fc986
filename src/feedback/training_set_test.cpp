#include "feedback/training_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/feedback_events.h"

namespace winnow {
namespace {

using testing::IsEmpty;

TEST(TrainingSet, LabelsOfProgramsComeFromANamedTeacherOnlyAndBehindThoseOfPeople) {
  FeedbackEvent machine = FeedbackWord("spam", 5, "anna", "judged by a program");
  machine.source = "big-model";
  FeedbackEvent both = FeedbackWord("spam", 5);
  both.source = "big-model";
  const std::vector<FeedbackEvent> events = {machine, both, FeedbackWord("ham", 1)};
  const auto states = CurrentFeedback(events);
  const TrustTable trust = ComputeTrust(states, {});
  EXPECT_EQ(MakeTrainingSet(states, trust, {}).rows, (std::vector<TrainingRow>{{"win a prize", "ham"}}));
  EXPECT_EQ(MakeTrainingSet(states, trust, {}, {.teacher = "big-model"}).rows,
            (std::vector<TrainingRow>{{"judged by a program", "spam"}}));
  EXPECT_THAT(MakeTrainingSet(states, trust, {}, {.teacher = "other"}).rows, IsEmpty());
}

TEST(TrainingSet, AdministratorsDecideAndEqualWeightsContradict) {
  std::vector<FeedbackEvent> events = {FeedbackWord("spam", 1, "anna"), FeedbackWord("ham", 2, "ben")};
  auto states = CurrentFeedback(events);
  EXPECT_EQ(MakeTrainingSet(states, ComputeTrust(states, {}), {}).contradicted, 1u);
  events.push_back(FeedbackWord("ham", 0, "root"));
  events.back().feedback_type = "admin";
  states = CurrentFeedback(events);
  const TrustTable trust = ComputeTrust(states, {});
  EXPECT_EQ(MakeTrainingSet(states, trust, {}).rows, (std::vector<TrainingRow>{{"win a prize", "ham"}}));
  const TrainingSet held_out = MakeTrainingSet(states, trust, {{states[0].text, "ham"}});
  EXPECT_THAT(held_out.rows, IsEmpty());
  EXPECT_EQ(held_out.audited, 1u);
}

TEST(TrainingSet, LabelsOfNewAccountsAloneCanBeLeftOut) {
  const auto states = CurrentFeedback(std::to_array({FeedbackWord("spam", 1)}));
  const TrainingSet set = MakeTrainingSet(states, ComputeTrust(states, {}), {}, {.least_weight = 0.5});
  EXPECT_THAT(set.rows, IsEmpty());
  EXPECT_EQ(set.light, 1u);
}

}  // namespace
}  // namespace winnow
