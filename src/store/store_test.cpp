#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "support/error_of.h"
#include "support/store_databases.h"
#include "support/stored_feedback.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, StoreOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(StoreOn, KeepsEveryFieldOfFeedback) {
  const auto store = OpenStore();
  FeedbackEvent event = SpamReport("k1");
  event.is_spam = false;
  event.label = "ham";
  event.feedback_type = "admin";
  event.message_id = "m1";
  event.user_id = "u1";
  event.model_version = "1.2.0";
  event.score = 0.1234567890123456789;
  event.source = "teacher";
  event.created_at = ParseTimeText("2026-11-28T20:15:00.125Z").value();
  EXPECT_EQ(store->AddFeedback(event).value(), FeedbackStatus::kStored);
  ASSERT_EQ(store->AddFeedback(SpamReport("k2")).value(), FeedbackStatus::kStored);

  const auto stored = store->ListFeedback({.feedback_type = "admin"}).value();
  ASSERT_EQ(stored.size(), 1u);
  const FeedbackEvent& read = stored[0].event;
  EXPECT_EQ(read.text, event.text);
  EXPECT_EQ(read.is_spam, false);
  EXPECT_EQ(read.label, "ham");
  EXPECT_EQ(read.message_id, "m1");
  EXPECT_EQ(read.user_id, "u1");
  EXPECT_EQ(read.model_version, "1.2.0");
  EXPECT_EQ(read.score, event.score);
  EXPECT_EQ(read.source, "teacher");
  EXPECT_EQ(TimeText(read.created_at), "2026-11-28T20:15:00.125Z");

  const auto other = store->ListFeedback({.feedback_type = "user_rejection"}).value();
  ASSERT_EQ(other.size(), 1u);
  EXPECT_EQ(other[0].event.is_spam, true);
  EXPECT_FALSE(other[0].event.label || other[0].event.message_id || other[0].event.score);
  EXPECT_LT(std::chrono::abs(other[0].event.created_at - StoreNow()), std::chrono::minutes(1));
}

TEST_P(StoreOn, AnswersTheQueriesThatUsersWrite) {
  ASSERT_TRUE(OpenStore()->AddFeedback(SpamReport("k")));
  const auto rows =
      Connect()->Run("SELECT text, is_spam, feedback_type FROM spam_feedback WHERE feedback_type = 'user_rejection'");
  ASSERT_EQ(rows.value().rows.size(), 1u);
  EXPECT_EQ(rows->rows[0].Text(0), "win a prize");
  EXPECT_TRUE(rows->rows[0].Boolean(1));
}

TEST_P(StoreOn, StoresAnEventOnceForItsKey) {
  const auto store = OpenStore();
  EXPECT_EQ(store->AddFeedback(SpamReport("k")).value(), FeedbackStatus::kStored);
  EXPECT_EQ(store->AddFeedback(SpamReport("k")).value(), FeedbackStatus::kDuplicate);
  EXPECT_EQ(ErrorOf(store->AddFeedback(SpamReport("k", "another text"))).code, ErrorCode::kExists);
  EXPECT_EQ(store->CountFeedback({}).value(), 1);
}

TEST_P(StoreOn, AnErrorOfOneEventOfABatchLeavesTheOthers) {
  const auto store = OpenStore();
  const std::vector<FeedbackEvent> events = {SpamReport("a"), SpamReport(""), SpamReport("b"), SpamReport("a", "other"),
                                             SpamReport("b")};
  const auto results = store->AddFeedbackBatch(events).value();
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[0].value(), FeedbackStatus::kStored);
  EXPECT_EQ(ErrorOf(results[1]).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(results[2].value(), FeedbackStatus::kStored);
  EXPECT_EQ(ErrorOf(results[3]).code, ErrorCode::kExists);
  EXPECT_EQ(results[4].value(), FeedbackStatus::kDuplicate);
  EXPECT_EQ(store->CountFeedback({}).value(), 2);
}

TEST_P(StoreOn, FiltersAndPagesFeedback) {
  const auto store = OpenStore();
  std::vector<FeedbackEvent> events;
  for (int i = 0; i < 7; ++i) {
    events.push_back(SpamReport("k" + std::to_string(i), std::to_string(i)));
    events.back().is_spam = i % 2 == 0;
    events.back().user_id = i < 3 ? "anna" : "bela";
    events.back().created_at = StoreTime(std::chrono::milliseconds(1000000 + i));
  }
  ASSERT_TRUE(store->AddFeedbackBatch(events));
  EXPECT_THAT(TextsOf(store->ListFeedback({.user_id = "anna"}).value()), ElementsAre("0", "1", "2"));
  EXPECT_THAT(TextsOf(store->ListFeedback({.user_id = "bela", .is_spam = false}).value()), ElementsAre("3", "5"));
  EXPECT_THAT(TextsOf(store
                          ->ListFeedback({.since = StoreTime(std::chrono::milliseconds(1000002)),
                                          .until = StoreTime(std::chrono::milliseconds(1000004))})
                          .value()),
              ElementsAre("2", "3"));
  const auto first = store->ListFeedback({.limit = 4}).value();
  EXPECT_THAT(TextsOf(first), ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(TextsOf(store->ListFeedback({.after_id = first.back().id, .limit = 4}).value()),
              ElementsAre("4", "5", "6"));
}

TEST_P(StoreOn, TakesHostileTextsAsTexts) {
  const auto store = OpenStore();
  const std::vector<std::string> hostile = {
      "'; DROP TABLE spam_feedback; --", "\" OR \"\"=\"", "$1", "?1 :a @b", "\\'; --", "%_!", "{}", "'||(SELECT 1)||'",
      "Robert'); DELETE FROM messages"};
  for (const std::string& text : hostile) {
    FeedbackEvent event = SpamReport(text, text);
    event.label = event.feedback_type = event.source = text;
    event.message_id = event.user_id = event.model_version = text;
    ASSERT_EQ(store->AddFeedback(event).value(), FeedbackStatus::kStored) << text;
    ASSERT_TRUE(store->SetPreferences(text, {.mode = text, .threshold = 0.5}));
    ASSERT_TRUE(store->SetReputation({text, text, text}, 3));
    ASSERT_TRUE(store->AppendAudit({.event_key = text, .actor = text, .action = text, .subject = text, .details = {}}));
    MessageRecord message;
    message.message_id = message.text = message.source = text;
    message.sender = message.user_id = message.model_version = text;
    ASSERT_TRUE(store->RecordMessages(std::span(&message, 1)));
  }
  for (const std::string& text : hostile) {
    const auto found = store->ListFeedback(
        {.feedback_type = text, .message_id = text, .user_id = text, .label = text, .source = text});
    EXPECT_THAT(TextsOf(found.value()), ElementsAre(text));
    EXPECT_EQ(store->GetPreferences(text).value()->mode, text);
    EXPECT_EQ(store->GetReputation({text, text, text}).value()->score, 3);
    EXPECT_EQ(store->ListAudit({.actor = text, .action = text, .subject = text}).value().size(), 1u);
    EXPECT_EQ(store->FindMessage(text).value()->message.text, text);
    EXPECT_EQ(store->ListMessages({.sender = text, .user_id = text, .source = text, .contains = text}).value().size(),
              1u)
        << text;
  }
  EXPECT_EQ(store->CountFeedback({}).value(), static_cast<int64_t>(hostile.size()));
}

TEST_P(StoreOn, StoresEveryTextAsValidUtf8) {
  const auto store = OpenStore();
  const std::string text("a\0b\xff\xed\xa0\x80z", 9);
  ASSERT_TRUE(store->AddFeedback(SpamReport("k", text)));
  EXPECT_THAT(store->ListFeedback({}).value().at(0).event.text, testing::StartsWith("a\uFFFDb\uFFFD"));
  FeedbackEvent event = SpamReport("k2");
  event.user_id = std::string("u\0v", 3);
  EXPECT_THAT(ErrorOf(store->AddFeedback(event)).message, HasSubstr("user id is not valid UTF-8"));
  EXPECT_THAT(ErrorOf(store->AddFeedback(SpamReport(std::string(1025, 'x')))).message, HasSubstr("1025 bytes"));
  EXPECT_EQ(store->CountFeedback({}).value(), 1);
}

TEST_P(StoreOn, RefusesNumbersThatAreNotFinite) {
  const auto store = OpenStore();
  const double none = std::numeric_limits<double>::quiet_NaN();
  FeedbackEvent event = SpamReport("k");
  event.score = none;
  EXPECT_EQ(ErrorOf(store->AddFeedback(event)).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(store->SetPreferences("anna", {.threshold = none})).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(store->SetReputation({"s", "score", ""}, 1 / 0.0)).code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(
      ErrorOf(store->ChangeReputation({.idempotency_key = "c", .key = {"s", "score", ""}, .delta = none})).message,
      HasSubstr("the change of the score is nan"));
}

TEST_P(StoreOn, AppendsToTheAuditLogOnce) {
  const auto store = OpenStore();
  const AuditEntry entry{.event_key = "e1",
                         .actor = "admin",
                         .action = "rules.reload",
                         .subject = "rules.toml",
                         .details = R"({"rules":3})"};
  ASSERT_TRUE(store->AppendAudit(entry));
  ASSERT_TRUE(store->AppendAudit(entry));
  ASSERT_TRUE(store->AppendAudit(
      {.event_key = "", .actor = "anna", .action = "preferences.set", .subject = "anna", .details = {}}));
  const auto all = store->ListAudit({}).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].entry.details, R"({"rules":3})");
  EXPECT_EQ(store->ListAudit({.actor = "anna"}).value().size(), 1u);
  EXPECT_EQ(store->ListAudit({.after_id = all[0].id}).value().size(), 1u);
  EXPECT_EQ(
      ErrorOf(store->AppendAudit({.event_key = "", .actor = "a", .action = "b", .subject = "c", .details = "{"})).code,
      ErrorCode::kInvalidData);
}

TEST_P(StoreOn, TwoStoresThreadShareOneDatabase) {
  const auto first = OpenStore(), second = OpenStore();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Store& store = thread % 2 == 0 ? *first : *second;
      for (int i = 0; i < 25; ++i) {
        // Every event comes by both stores, as from a client that repeats its request elsewhere.
        const auto added = store.AddFeedback(SpamReport(std::to_string(thread / 2 * 100 + i)));
        EXPECT_TRUE(added) << added.error().Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first->CountFeedback({}).value(), 50);
}

TEST(Store, SaysWhatIsWrongWithAFile) {
  const TemporaryDirectory directory;
  const std::string text = (directory.path() / "notes.txt").string();
  ASSERT_TRUE(WriteFileAtomically(text, std::string(2000, 'x')));
  EXPECT_THAT(ErrorOf(Store::Open({.url = text})).message, HasSubstr("is not a SQLite database"));
  const Error missing = ErrorOf(Store::Open({.url = "sqlite:" + (directory.path() / "no/store.db").string()}));
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.hint, HasSubstr("the directory must exist"));
}

TEST(Store, APostgresServerThatIsNotThereIsANetworkError) {
  const Error error = ErrorOf(Store::Open({.url = "postgres://u:s3cret@%2Fnowhere/db"}));
  EXPECT_EQ(error.code, ErrorCode::kNetwork);
  EXPECT_THAT(error.Text(), testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace winnow
