#include "feedback/feedback_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "feedback/feedback_log.h"
#include "support/error_of.h"
#include "support/feedback_events.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(FeedbackState, TheLastWordCountsHoweverEventsAreRepeatedAndReordered) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed, "feedback");
    std::vector<FeedbackEvent> events, last;
    for (int text = 0; text < 3; ++text) {
      for (const char* user : {"anna", "ben"}) {
        const auto length = static_cast<int>(random.Below(6));
        for (int i = 0; i < length; ++i) {
          const char* word = std::to_array({"spam", "ham", "forget"})[random.Below(3)];
          events.push_back(FeedbackWord(word, i, user, "text " + std::to_string(text)));
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
  std::vector<FeedbackEvent> events = {FeedbackWord("spam", 1), FeedbackWord("ham", 1)};
  const std::string one = Exported(events);
  std::ranges::reverse(events);
  EXPECT_EQ(Exported(events), one);
  EXPECT_THAT(one, HasSubstr("win a prize"));
  events.insert(events.begin(), FeedbackWord("forget", 1));
  EXPECT_EQ(Exported(events), "") << "forget is the last of events of one time";
}

TEST(FeedbackState, NobodyReplacesTheWordOfAnAdministratorOfTheirName) {
  for (const char* user : {"", "anna"}) {
    const auto word = [&](const char* label, int at, bool admin) {
      FeedbackEvent event = FeedbackWord(label, at, user);
      if (*user == '\0') event.user_id.reset();
      if (admin) event.source = "admin";
      return event;
    };
    std::vector<FeedbackEvent> events = {word("ham", 1, /*admin=*/true), word("spam", 2, false)};
    ASSERT_THAT(CurrentFeedback(events), SizeIs(2));
    EXPECT_THAT(Exported(events), HasSubstr("ham")) << "an administrator's word counts";
    events.push_back(word("forget", 3, false));
    ASSERT_THAT(CurrentFeedback(events), SizeIs(1));
    EXPECT_EQ(CurrentFeedback(events)[0].origin, FeedbackOrigin::kAdmin);
    events.push_back(word("spam", 4, false));
    events.push_back(word("forget", 5, /*admin=*/true));
    EXPECT_THAT(CurrentFeedback(events), IsEmpty()) << "an administrator withdraws both";
  }
}

TEST(FeedbackState, AnIdAndItsTextNameOneMessage) {
  FeedbackEvent by_id = FeedbackWord("ham", 2);
  by_id.message_id = "m1";
  by_id.text = "";
  FeedbackEvent with_both = FeedbackWord("spam", 1);
  with_both.message_id = "m1";
  const auto states = CurrentFeedback(std::to_array({by_id, with_both, FeedbackWord("spam", 0)}));
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].label, "ham");
  EXPECT_EQ(states[0].text, "win a prize");
}

TEST(FeedbackState, AMessageWhoseTextIsUnknownIsLeftOut) {
  FeedbackEvent event = FeedbackWord("spam", 1);
  event.message_id = "m1";
  event.text = "";
  EXPECT_THAT(CurrentFeedback(std::span(&event, 1)), IsEmpty());
}

TEST(FeedbackState, WinnowsOwnVerdictsAreNotLearnt) {
  for (const char* source : {"winnow", "classifier", "rules", "fallback", "memory", "reputation", "model"}) {
    FeedbackEvent event = FeedbackWord("spam", 1);
    event.source = source;
    EXPECT_THAT(CurrentFeedback(std::span(&event, 1)), IsEmpty()) << source;
    EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("does not learn from its own verdicts"));
  }
}

TEST(FeedbackState, OtherNamesOfSpamAndHamAreThese) {
  FeedbackEvent event = FeedbackWord("spam", 1);
  event.label = "Junk";
  EXPECT_EQ(LabelOf(event), "spam");
  event.is_spam = false;
  event.label = "not_spam";
  EXPECT_EQ(LabelOf(event), "ham");
  event.is_spam.reset();
  event.label = "junk";
  EXPECT_EQ(LabelOf(event), "junk") << "a label of another model";
}

}  // namespace
}  // namespace winnow
