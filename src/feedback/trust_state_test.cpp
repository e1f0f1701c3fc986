#include "feedback/trust_state.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace winnow {
namespace {

using Labels = std::map<std::string, std::string>;

constexpr StoreTime kBegin = StoreTime(std::chrono::seconds(1'800'000'000));

/// Every kind of event, about texts of which many are near-duplicates, and near-duplicates of several others.
FeedbackEvent RandomEvent(Random& random) {
  const auto one_of = [&](auto words) { return words[random.Below(static_cast<uint32_t>(words.size()))]; };
  FeedbackEvent event;
  for (int i = 0; i < 8; ++i) event.text += fmt::format("word{} ", i == 0 ? random.Below(6) : random.Below(3) + 10 * i);
  if (random.Below(8) == 0) event.text = one_of(std::to_array<std::string>({"yes", "YES", "!!", "\xf0\x9f\x98\x80"}));
  if (random.Below(3) == 0) event.message_id = fmt::format("m{}", random.Below(10));
  if (random.Below(6) > 0) event.user_id = fmt::format("user{}", random.Below(7));
  event.source = one_of(std::to_array<std::string>({"user", "user", "user", "admin", "teacher", "classifier"}));
  event.feedback_type = one_of(std::to_array<std::string>({"user_rejection", "user_confirmation", "admin", "forget"}));
  if (event.feedback_type != "forget") {
    if (random.Below(5) > 0) event.is_spam = random.Below(2) == 0;
    if (random.Below(3) == 0) event.label = one_of(std::to_array<std::string>({"offer", "Junk", "news"}));
  }
  event.created_at = kBegin + std::chrono::seconds(random.Below(30));
  return event;
}

Labels RandomLabels(Random& random, const std::vector<FeedbackEvent>& events) {
  Labels labels;
  for (uint32_t i = random.Below(6); i > 0; --i) {
    const FeedbackEvent& event = events[random.Below(static_cast<uint32_t>(events.size()))];
    labels[event.text + (random.Below(2) == 0 ? " again" : "")] = random.Below(2) == 0 ? "spam" : "ham";
  }
  return labels;
}

void ExpectSame(const TrustTable& a, const TrustTable& b) {
  ASSERT_EQ(a.users().size(), b.users().size());
  for (const auto& [user, trust] : a.users()) {
    const UserTrust& other = b.users().at(user);
    EXPECT_EQ(std::tie(trust.agreed, trust.disagreed, trust.weight),
              std::tie(other.agreed, other.disagreed, other.weight))
        << user;
  }
}

TEST(TrustState, IsThatOfAllEventsAfterEachOfThemInAnyOrder) {
  const TrustOptions options{.trusted_weight = 0.3, .agreeing_users = 2, .caps = {.per_user = 4}};
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, "trust");
    TrustState state(options);
    std::vector<FeedbackEvent> events;
    size_t judged = 0;
    for (int i = 0; i < 120; ++i) {
      events.push_back(RandomEvent(random));
      state.Add(events.back());
      if (i % 7 > 0) continue;
      const Labels labels = RandomLabels(random, events);
      const TrustTable whole = ComputeTrust(CurrentFeedback(events), labels, options);
      for (const auto& [user, trust] : whole.users()) judged += trust.agreed + trust.disagreed;
      ExpectSame(whole, state.Compute(labels).value());
    }
    EXPECT_GT(judged, 0u);
    EXPECT_EQ(state.events(), events.size());
  }
}

TEST(TrustState, ATextThatBecomesKnownTakesTheEventWithIt) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, "texts");
    TrustState state;
    std::vector<FeedbackEvent> events;
    for (int i = 0; i < 60; ++i) {
      FeedbackEvent event = RandomEvent(random);
      if (!event.message_id) event.message_id = fmt::format("n{}", i);
      const std::string text = std::exchange(event.text, "");
      const size_t number = state.Add(event);
      event.text = text;
      if (random.Below(2) == 0)
        state.Replace(number, event);
      else
        event.text.clear();
      events.push_back(event);
    }
    const Labels labels = RandomLabels(random, events);
    ExpectSame(ComputeTrust(CurrentFeedback(events), labels), state.Compute(labels).value());
  }
}

TEST(TrustState, StopsWhenItIsTold) {
  TrustState state;
  Random random(1, "stop");
  for (int i = 0; i < 100; ++i) state.Add(RandomEvent(random));
  EXPECT_FALSE(state.Compute({}, [] { return false; }));
  EXPECT_TRUE(state.Compute({}, [] { return true; }));
}

}  // namespace
}  // namespace winnow
