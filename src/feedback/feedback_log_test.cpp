#include "feedback/feedback_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/random.h"
#include "support/error_of.h"
#include "support/feedback_events.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class FeedbackLogOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, FeedbackLogOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(FeedbackLogOn, ReplayedDeliveryGivesTheStateOfTheLastEvent) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackLog log(SinkOf(store), nullptr);
  std::vector<FeedbackEvent> events;
  Random random(7, "replay");
  for (int i = 0; i < 12; ++i)
    events.push_back(FeedbackWord(std::to_array({"spam", "ham", "forget"})[random.Below(3)], i));
  events.push_back(FeedbackWord("ham", 12));
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
    FeedbackEvent event = FeedbackWord(i % 2 == 0 ? "spam" : "ham", i);
    event.created_at = {};
    ASSERT_TRUE(log.Add(event));
  }
  EXPECT_THAT(Exported(ReadAllFeedback(*store).value()), HasSubstr("\"ham\""));
}

TEST_P(FeedbackLogOn, TextsOfIdsComeFromTheHistory) {
  const std::shared_ptr<Store> store = OpenStore();
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  FeedbackEvent event = FeedbackWord("ham", 1);
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
    FeedbackEvent event = FeedbackWord("spam", 0);
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
  FeedbackEvent event = FeedbackWord("spam", 0);
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

/// Seven texts that an administrator has judged as the user has.
std::vector<FeedbackEvent> EventsOfATrustedUser(const std::string& user) {
  std::vector<FeedbackEvent> events;
  for (int i = 0; i < 7; ++i) {
    const std::string text = "text number " + std::string(1, static_cast<char>('a' + i));
    events.push_back(FeedbackWord("spam", i, user, text));
    events.push_back(FeedbackWord("spam", i, "root", text));
    events.back().idempotency_key += user;
    events.back().source = "admin";
  }
  return events;
}

TEST_P(FeedbackLogOn, TrustGrowsWithTheFeedbackThatComes) {
  const std::shared_ptr<Store> store = OpenStore();
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  const auto add = [&](std::vector<FeedbackEvent> events) {
    for (FeedbackEvent& event : events) {
      event.created_at = StoreNow();
      ASSERT_TRUE(store->AddFeedback(event));
    }
    ASSERT_TRUE(log.CatchUp());
    ASSERT_TRUE(log.UpdateTrust());
  };
  const auto report = [&](const std::string& user) { return FeedbackWord("spam", 100, user, "win a car"); };
  for (const char* user : {"anna", "ben"}) add(EventsOfATrustedUser(user));
  add({report("anna"), report("ben"), report("cleo")});
  EXPECT_FALSE(memory.Find("win a car", "dora")) << "cleo is not trusted yet";
  add(EventsOfATrustedUser("cleo"));
  // On a slow machine the trust is computed again after a while alone, so that it takes little of the time.
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (!memory.Find("win a car", "dora") && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(log.UpdateTrust());
  }
  EXPECT_TRUE(memory.Find("win a car", "dora"));
}

TEST_P(FeedbackLogOn, AStoreThatIsDownIsNotAskedForTheTextOfAMessage) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackSink sink = SinkOf(store);
  bool up = true;
  sink.lookups = [&] { return up ? store : nullptr; };
  FeedbackLog log(std::move(sink), nullptr);
  FeedbackEvent event = FeedbackWord("ham", 1);
  event.text = "";
  event.message_id = "m1";
  EXPECT_EQ(ErrorOf(log.Add(event)).code, ErrorCode::kNotFound);
  up = false;
  EXPECT_TRUE(log.Add(event));
}

TEST(FeedbackLog, RefusesEventsThatSayNothing) {
  FeedbackEvent event = FeedbackWord("spam", 1);
  event.is_spam.reset();
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("neither a label nor is_spam"));
  event.is_spam = true;
  event.label = "ham";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("is_spam is true and the label is 'ham'"));
  event.feedback_type = "forget";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("cannot have a label"));
  event = FeedbackWord("spam", 1);
  event.text = "";
  EXPECT_THAT(ErrorOf(CheckFeedbackEvent(event)).message, HasSubstr("neither a text nor the id"));
}

TEST_P(FeedbackLogOn, WhatWasForgottenIsUnknownAndStaysSo) {
  const std::shared_ptr<Store> store = OpenStore();
  CampaignMemory memory;
  FeedbackLog log(SinkOf(store), &memory);
  FeedbackEvent gone{.idempotency_key = "k1", .text = "the secret of anna", .is_spam = true};
  gone.feedback_type = "user_rejection";
  gone.user_id = "anna";
  FeedbackEvent stays = gone;
  stays.idempotency_key = "k2";
  stays.text = "lunch at noon";
  ASSERT_TRUE(log.Add(gone));
  ASSERT_TRUE(log.Add(stays));
  ASSERT_TRUE(memory.Find(gone.text, "anna"));
  ASSERT_TRUE(store->Forget({.texts = {gone.text}}));
  std::unique_ptr<Tombstones> known;
  ASSERT_TRUE(store->ReadTombstones(known).value());
  ASSERT_TRUE(log.Relearn());
  EXPECT_FALSE(memory.Find(gone.text, "anna"));
  EXPECT_TRUE(memory.Find(stays.text, "anna"));
  EXPECT_EQ(memory.size(), 1u);
  log.SetForgotten(std::make_shared<const Tombstones>(*known));
  EXPECT_EQ(log.Add(gone).value(), FeedbackOutcome::kDuplicate);
  EXPECT_FALSE(memory.Find(gone.text, "anna"));
  ASSERT_TRUE(log.CatchUp());
  EXPECT_EQ(memory.size(), 1u);
}

TEST_P(FeedbackLogOn, ARedactedTextIsNotLearnt) {
  const std::shared_ptr<Store> store = OpenStore();
  FeedbackLog log(SinkOf(store), nullptr);
  MessageRecord message{.message_id = "m1", .text = "the code is 000", .source = "classifier"};
  message.redacted = true;
  ASSERT_TRUE(store->RecordMessages(std::span(&message, 1)));
  FeedbackEvent event{.is_spam = true};
  event.feedback_type = "user_rejection";
  event.message_id = "m1";
  const Error error = ErrorOf(log.Add(event));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("only the redacted text of the message 'm1' is known"));
  event.text = "the code is 123";
  ASSERT_TRUE(log.Add(event));
  event.text = "";
  event.is_spam = false;
  ASSERT_TRUE(log.Add(event)) << "earlier feedback has the text";
  EXPECT_THAT(Exported(ReadAllFeedback(*store).value()), HasSubstr("the code is 123"));
}

}  // namespace
}  // namespace winnow
