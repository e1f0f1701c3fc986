#include "feedback/feedback_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "base/random.h"
#include "feedback/feedback_log.h"
#include "feedback/training_set.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

FeedbackEvent Event(const std::string& word, int second, const std::string& user = "anna",
                    const std::string& text = "win a prize") {
  FeedbackEvent event;
  event.idempotency_key = word + std::to_string(second) + user + text;
  event.text = text;
  event.user_id = user;
  event.feedback_type = word == "forget" ? "forget" : "user_rejection";
  if (word != "forget") event.is_spam = word == "spam";
  event.created_at = StoreTime(std::chrono::seconds(1'800'000'000 + second));
  return event;
}

/// The training set as the bytes of a file.
std::string Exported(std::span<const FeedbackEvent> events) {
  const std::vector<FeedbackState> states = CurrentFeedback(events);
  std::string lines;
  for (const TrainingRow& row : MakeTrainingSet(states, ComputeTrust(states, {}), {}).rows)
    lines += Json({{"text", row.text}, {"label", row.label}}).dump() + "\n";
  return lines;
}

TEST(FeedbackState, TheLastWordCountsHoweverEventsAreRepeatedAndReordered) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed, "feedback");
    std::vector<FeedbackEvent> events, last;
    for (int text = 0; text < 3; ++text) {
      for (const char* user : {"anna", "ben"}) {
        const auto length = static_cast<int>(random.Below(6));
        for (int i = 0; i < length; ++i) {
          const char* word = std::to_array({"spam", "ham", "forget"})[random.Below(3)];
          events.push_back(Event(word, i, user, "text " + std::to_string(text)));
        }
        if (length > 0) last.push_back(events.back());
      }
    }
    const std::string expected = Exported(last);
    const size_t count = events.size();
    for (size_t i = 0; i < count; ++i) {
      if (random.Below(2) == 0) events.push_back(events[random.Below(static_cast<uint32_t>(count))]);
    }
    random.Shuffle(events);
    ASSERT_EQ(Exported(events), expected) << "seed " << seed;
  }
}

TEST(FeedbackState, EventsOfOneTimeGiveOneStateInEveryOrder) {
  std::vector<FeedbackEvent> events = {Event("spam", 1), Event("ham", 1)};
  const std::string one = Exported(events);
  std::ranges::reverse(events);
  EXPECT_EQ(Exported(events), one);
  EXPECT_THAT(one, HasSubstr("win a prize"));
  events.insert(events.begin(), Event("forget", 1));
  EXPECT_EQ(Exported(events), "") << "forget is the last of events of one time";
}

TEST(FeedbackState, AnIdAndItsTextNameOneMessage) {
  FeedbackEvent by_id = Event("ham", 2);
  by_id.message_id = "m1";
  by_id.text = "";
  FeedbackEvent with_both = Event("spam", 1);
  with_both.message_id = "m1";
  const auto states = CurrentFeedback(std::to_array({by_id, with_both, Event("spam", 0)}));
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].label, "ham");
  EXPECT_EQ(states[0].text, "win a prize");
}

TEST(FeedbackState, AMessageWhoseTextIsUnknownIsLeftOut) {
  FeedbackEvent event = Event("spam", 1);
  event.message_id = "m1";
  event.text = "";
  EXPECT_THAT(CurrentFeedback(std::span(&event, 1)), IsEmpty());
}

TEST(FeedbackState, WinnowsOwnVerdictsAreNotLearnt) {
  for (const char* source : {"winnow", "classifier", "rules", "fallback", "memory", "reputation", "model"}) {
    FeedbackEvent event = Event("spam", 1);
    event.source = source;
    EXPECT_THAT(CurrentFeedback(std::span(&event, 1)), IsEmpty()) << source;
    EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("does not learn from its own verdicts"));
  }
}

TEST(TrainingSet, LabelsOfProgramsComeFromANamedTeacherOnlyAndBehindThoseOfPeople) {
  FeedbackEvent machine = Event("spam", 5, "anna", "judged by a program");
  machine.source = "big-model";
  FeedbackEvent both = Event("spam", 5);
  both.source = "big-model";
  const std::vector<FeedbackEvent> events = {machine, both, Event("ham", 1)};
  const auto states = CurrentFeedback(events);
  const TrustTable trust = ComputeTrust(states, {});
  EXPECT_EQ(MakeTrainingSet(states, trust, {}).rows, (std::vector<TrainingRow>{{"win a prize", "ham"}}));
  EXPECT_EQ(MakeTrainingSet(states, trust, {}, {.teacher = "big-model"}).rows,
            (std::vector<TrainingRow>{{"judged by a program", "spam"}}));
  EXPECT_THAT(MakeTrainingSet(states, trust, {}, {.teacher = "other"}).rows, IsEmpty());
}

TEST(TrainingSet, AdministratorsDecideAndEqualWeightsContradict) {
  std::vector<FeedbackEvent> events = {Event("spam", 1, "anna"), Event("ham", 2, "ben")};
  auto states = CurrentFeedback(events);
  EXPECT_EQ(MakeTrainingSet(states, ComputeTrust(states, {}), {}).contradicted, 1u);
  events.push_back(Event("ham", 0, "root"));
  events.back().feedback_type = "admin";
  states = CurrentFeedback(events);
  const TrustTable trust = ComputeTrust(states, {});
  EXPECT_EQ(MakeTrainingSet(states, trust, {}).rows, (std::vector<TrainingRow>{{"win a prize", "ham"}}));
  const TrainingSet held_out = MakeTrainingSet(states, trust, {{states[0].text, "ham"}});
  EXPECT_THAT(held_out.rows, IsEmpty());
  EXPECT_EQ(held_out.audited, 1u);
}

TEST(TrainingSet, LabelsOfNewAccountsAloneCanBeLeftOut) {
  const auto states = CurrentFeedback(std::to_array({Event("spam", 1)}));
  const TrainingSet set = MakeTrainingSet(states, ComputeTrust(states, {}), {}, {.least_weight = 0.5});
  EXPECT_THAT(set.rows, IsEmpty());
  EXPECT_EQ(set.light, 1u);
}

class FeedbackLogOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, FeedbackLogOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(FeedbackLogOn, ReplayedDeliveryGivesTheStateOfTheLastEvent) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackLog log(SinkOf(store), nullptr);
  std::vector<FeedbackEvent> events;
  Random random(7, "replay");
  for (int i = 0; i < 12; ++i) events.push_back(Event(std::to_array({"spam", "ham", "forget"})[random.Below(3)], i));
  events.push_back(Event("ham", 12));
  const std::string expected = Exported(std::span(events).last(1));
  for (int round = 0; round < 2; ++round) {
    random.Shuffle(events);
    for (const FeedbackEvent& event : events) {
      EXPECT_EQ(log.Add(event).value(), round == 0 ? FeedbackOutcome::kStored : FeedbackOutcome::kDuplicate);
    }
  }
  EXPECT_EQ(Exported(ReadAllFeedback(*store).value()), expected);
}

TEST_P(FeedbackLogOn, EventsWithoutTimesKeepTheirOrder) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackLog log(SinkOf(store), nullptr);
  for (int i = 0; i < 20; ++i) {
    FeedbackEvent event = Event(i % 2 == 0 ? "spam" : "ham", i);
    event.created_at = {};
    ASSERT_TRUE(log.Add(event));
  }
  EXPECT_THAT(Exported(ReadAllFeedback(*store).value()), HasSubstr("\"ham\""));
}

TEST_P(FeedbackLogOn, TextsOfIdsComeFromTheHistory) {
  const std::shared_ptr<Store> store = OpenStore();
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  FeedbackEvent event = Event("ham", 1);
  event.text = "";
  event.message_id = "m1";
  const Error error = ErrorOf(log.Add(event));
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("no message and no feedback has the id 'm1'"));
  const MessageRecord message{.message_id = "m1", .text = "lunch at noon", .score = 0.9, .source = "classifier"};
  ASSERT_TRUE(store->RecordMessages(std::span(&message, 1)));
  ASSERT_TRUE(log.Add(event));
  EXPECT_EQ(store->ListFeedback({}).value().at(0).event.text, "lunch at noon");
  EXPECT_EQ(memory.Find("Lunch at  noon", "anna", event.created_at).value().symbol(), "MEMORY_HAM");
}

TEST_P(FeedbackLogOn, TheMemoryIsRestoredFromTheStore) {
  const std::shared_ptr<Store> store = OpenStore();
  {
    CampaignMemory memory;
    FeedbackLog log(SinkOf(store), &memory);
    FeedbackEvent event = Event("spam", 0);
    event.created_at = {};
    event.feedback_type = "admin";
    ASSERT_TRUE(log.Add(event));
  }
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  ASSERT_TRUE(log.CatchUp());
  EXPECT_TRUE(memory.Find("win a PRIZE", "").value().is_spam);
}

TEST_P(FeedbackLogOn, AnEntryThatWasMatchedLatelyOutlivesARestart) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackEvent event = Event("spam", 0);
  event.feedback_type = "admin";
  event.created_at = StoreNow() - std::chrono::days(29);
  {
    CampaignMemory memory;
    FeedbackLog log(SinkOf(store), &memory);
    ASSERT_TRUE(log.Add(event));
    ASSERT_TRUE(log.CatchUp());
    ASSERT_TRUE(memory.Find("win a prize", ""));
    ASSERT_TRUE(log.CatchUp());
  }
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  ASSERT_TRUE(log.CatchUp());
  EXPECT_TRUE(memory.Find("win a prize", "", StoreNow() + std::chrono::days(20)));
}

TEST(FeedbackLog, RefusesEventsThatSayNothing) {
  FeedbackEvent event = Event("spam", 1);
  event.is_spam.reset();
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("neither a label nor is_spam"));
  event.is_spam = true;
  event.label = "ham";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("is_spam is true and the label is 'ham'"));
  event.feedback_type = "forget";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("cannot have a label"));
  event = Event("spam", 1);
  event.text = "";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("neither a text nor the id"));
}

}  // namespace
}  // namespace winnow
