#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/files.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, StoreOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

FeedbackEvent Event(const std::string& key, const std::string& text = "win a prize") {
  FeedbackEvent event;
  event.idempotency_key = key;
  event.text = text;
  event.is_spam = true;
  event.feedback_type = "user_rejection";
  return event;
}

std::vector<std::string> TextsOf(const std::vector<StoredFeedback>& stored) {
  std::vector<std::string> texts;
  for (const StoredFeedback& feedback : stored) texts.push_back(feedback.event.text);
  return texts;
}

TEST_P(StoreOn, KeepsEveryFieldOfFeedback) {
  const auto store = OpenStore();
  FeedbackEvent event = Event("k1");
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
  ASSERT_EQ(store->AddFeedback(Event("k2")).value(), FeedbackStatus::kStored);

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
  ASSERT_TRUE(OpenStore()->AddFeedback(Event("k")));
  const auto rows =
      Connect()->Run("SELECT text, is_spam, feedback_type FROM spam_feedback WHERE feedback_type = 'user_rejection'");
  ASSERT_EQ(rows.value().rows.size(), 1u);
  EXPECT_EQ(rows->rows[0].Text(0), "win a prize");
  EXPECT_TRUE(rows->rows[0].Boolean(1));
}

TEST_P(StoreOn, StoresAnEventOnceForItsKey) {
  const auto store = OpenStore();
  EXPECT_EQ(store->AddFeedback(Event("k")).value(), FeedbackStatus::kStored);
  EXPECT_EQ(store->AddFeedback(Event("k")).value(), FeedbackStatus::kDuplicate);
  EXPECT_EQ(ErrorOf(store->AddFeedback(Event("k", "another text"))).code, ErrorCode::kExists);
  EXPECT_EQ(store->CountFeedback({}).value(), 1);
}

TEST_P(StoreOn, AnErrorOfOneEventOfABatchLeavesTheOthers) {
  const auto store = OpenStore();
  const std::vector<FeedbackEvent> events = {Event("a"), Event(""), Event("b"), Event("a", "other"), Event("b")};
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
    events.push_back(Event("k" + std::to_string(i), std::to_string(i)));
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
    FeedbackEvent event = Event(text, text);
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
  ASSERT_TRUE(store->AddFeedback(Event("k", text)));
  EXPECT_THAT(store->ListFeedback({}).value().at(0).event.text, testing::StartsWith("a\uFFFDb\uFFFD"));
  FeedbackEvent event = Event("k2");
  event.user_id = std::string("u\0v", 3);
  EXPECT_THAT(ErrorOf(store->AddFeedback(event)).message, HasSubstr("user id is not valid UTF-8"));
  EXPECT_THAT(ErrorOf(store->AddFeedback(Event(std::string(1025, 'x')))).message, HasSubstr("1025 bytes"));
  EXPECT_EQ(store->CountFeedback({}).value(), 1);
}

TEST_P(StoreOn, RefusesNumbersThatAreNotFinite) {
  const auto store = OpenStore();
  const double none = std::numeric_limits<double>::quiet_NaN();
  FeedbackEvent event = Event("k");
  event.score = none;
  EXPECT_EQ(ErrorOf(store->AddFeedback(event)).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(store->SetPreferences("anna", {.threshold = none})).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(store->SetReputation({"s", "score", ""}, 1 / 0.0)).code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(
      ErrorOf(store->ChangeReputation({.idempotency_key = "c", .key = {"s", "score", ""}, .delta = none})).message,
      HasSubstr("the change of the score is nan"));
}

TEST_P(StoreOn, KeepsPreferences) {
  const auto store = OpenStore();
  EXPECT_EQ(store->GetPreferences("anna").value(), std::nullopt);
  ASSERT_TRUE(store->SetPreferences("anna", {.mode = "strict", .threshold = {}}));
  ASSERT_TRUE(store->SetPreferences("anna", {.mode = {}, .threshold = 0.25}));
  EXPECT_EQ(store->GetPreferences("anna").value(), (Preferences{std::nullopt, 0.25}));
}

TEST_P(StoreOn, FindsWhatFormerVersionsHaveStoredUnderOtherSpellingsOfAnAddress) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->SetPreferences("Anna@Example.org", {.mode = "strict", .threshold = {}}));
  EXPECT_EQ(store->GetPreferences("anna@example.org").value()->mode, "strict");
  EXPECT_EQ(store->GetPreferences("ben@example.org").value(), std::nullopt);
  ASSERT_TRUE(store->SetPreferences("anna@example.org", {.mode = "lenient", .threshold = {}}));
  EXPECT_EQ(store->GetPreferences("anna@example.org").value()->mode, "lenient");
  ASSERT_TRUE(store->SetPreferences("Anna", {.mode = "strict", .threshold = {}}));
  EXPECT_EQ(store->GetPreferences("anna").value(), std::nullopt) << "no address";

  const std::vector<std::string> senders = {"joe@a.example"};
  ASSERT_TRUE(store->SetReputation({senders[0], "deny", "Anna@Example.org"}, 1));
  ASSERT_TRUE(store->SetReputation({senders[0], "deny", "Anna"}, 1));
  EXPECT_EQ(store->FindReputation(senders, "anna@example.org").value().size(), 1u);
  EXPECT_EQ(store->FindReputation(senders, "anna").value().size(), 0u);
  ASSERT_TRUE(store->SetReputation({senders[0], "deny", "anna@example.org"}, 0));
  const auto found = store->FindReputation(senders, "anna@example.org").value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].reputation.score, 0);
}

TEST_P(StoreOn, ReputationDecaysByHalves) {
  const auto store = OpenStore();
  const StoreTime start = ParseTimeText("2026-01-01T00:00:00.000Z").value();
  const ReputationKey key{"x@example.org", "score", ""};
  const auto change = [&](const std::string& id, double delta, std::chrono::hours later) {
    return store
        ->ChangeReputation({.idempotency_key = id,
                            .key = key,
                            .delta = delta,
                            .half_life = std::chrono::hours(24),
                            .at = start + later})
        .value()
        .score;
  };
  EXPECT_EQ(change("1", 8, std::chrono::hours(0)), 8);
  EXPECT_EQ(change("2", 1, std::chrono::hours(48)), 3);
  EXPECT_EQ(change("2", 1, std::chrono::hours(48)), 3) << "a change is counted once";
  EXPECT_EQ(change("3", 0, std::chrono::hours(24)), 3) << "an earlier time leaves the score";
  EXPECT_EQ(store->GetReputation(key).value()->score, 3);
  EXPECT_EQ(store->GetReputation({"x@example.org", "score", "anna"}).value().has_value(), false);
}

TEST_P(StoreOn, FindsAllScoresOfSendersForAUser) {
  const auto store = OpenStore();
  const std::vector<ReputationKey> keys = {{"@b.example", "deny", ""},
                                           {"a@b.example", "allow", "anna"},
                                           {"a@b.example", "score", ""},
                                           {"a@b.example", "score", "bob"},
                                           {"c@b.example", "score", ""}};
  for (size_t i = 0; i < keys.size(); ++i) ASSERT_TRUE(store->SetReputation(keys[i], static_cast<double>(i) + 1));
  const std::vector<std::string> senders = {"a@b.example", "@b.example"};
  const auto scores = [&](const std::string& user) {
    std::multiset<double> found;
    const auto records = store->FindReputation(senders, user).value();
    for (const StoredReputation& each : records) found.insert(each.reputation.score);
    return found;
  };
  EXPECT_THAT(scores("anna"), ElementsAre(1, 2, 3));
  EXPECT_THAT(scores("bob"), ElementsAre(1, 3, 4));
  EXPECT_THAT(scores(""), ElementsAre(1, 3));
  EXPECT_TRUE(store->FindReputation({}, "anna").value().empty());
  EXPECT_EQ(ErrorOf(store->FindReputation(std::vector<std::string>(9, "s"), "")).code, ErrorCode::kInvalidArgument);
}

TEST_P(StoreOn, ConcurrentChangesOfReputationThreadAllCount) {
  const auto store = OpenStore();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i) {
        const auto changed = store->ChangeReputation({.idempotency_key = std::to_string(thread * 100 + i),
                                                      .key = {"s", "score", ""},
                                                      .delta = 1,
                                                      .half_life = {}});
        EXPECT_TRUE(changed) << changed.error().Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->GetReputation({"s", "score", ""}).value()->score, 40);
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

TEST_P(StoreOn, FindsMessagesInTheHistory) {
  const auto store = OpenStore();
  std::vector<MessageRecord> messages(3);
  for (size_t i = 0; i < 3; ++i) {
    messages[i].message_id = "m" + std::to_string(i);
    messages[i].source = i == 2 ? "rules" : "classifier";
    messages[i].score = 0.25 * static_cast<double>(i);
    messages[i].is_spam = i == 2;
    messages[i].created_at = StoreTime(std::chrono::hours(i + 1));
  }
  messages[0].text = "Get 50% OFF";
  messages[1].text = "Get 500 off";
  messages[2].symbols = R"([ {"name": "LINK_ONLY", "score": 2.5} ])";
  ASSERT_TRUE(store->RecordMessages(messages));
  const auto ids = [&](const MessageFilter& filter) {
    std::vector<std::string> found;
    const auto messages = store->ListMessages(filter).value();
    for (const StoredMessage& stored : messages) found.push_back(stored.message.message_id);
    return found;
  };
  EXPECT_THAT(ids({}), ElementsAre("m2", "m1", "m0"));
  EXPECT_THAT(ids({.contains = "50% off"}), ElementsAre("m0"));
  EXPECT_THAT(ids({.symbol = "LINK_ONLY"}), ElementsAre("m2"));
  EXPECT_THAT(ids({.symbol = "LINK"}), ElementsAre());
  EXPECT_THAT(ids({.is_spam = false, .min_score = 0.2}), ElementsAre("m1"));
  EXPECT_THAT(ids({.source = "classifier", .limit = 1}), ElementsAre("m1"));
  messages[1].text = "replaced";
  ASSERT_TRUE(store->RecordMessages(std::span(&messages[1], 1)));
  EXPECT_EQ(store->FindMessage("m1").value()->message.text, "replaced");
  EXPECT_EQ(store->DeleteMessagesBefore(StoreTime(std::chrono::hours(2))).value(), 1);
  EXPECT_THAT(ids({}), ElementsAre("m2", "m1"));
  EXPECT_FALSE(store->FindMessage("m0").value().has_value());
}

TEST_P(StoreOn, DeletesOldMessagesSomeAtATime) {
  const auto store = OpenStore();
  std::vector<MessageRecord> messages(2501);
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i].message_id = "m" + std::to_string(i);
    messages[i].source = "rules";
    messages[i].created_at = StoreTime(std::chrono::seconds(i + 1));
  }
  ASSERT_TRUE(store->RecordMessages(messages));
  const StoreTime time = messages.back().created_at;
  EXPECT_EQ(store->DeleteMessagesBefore(time).value(), 2000);
  EXPECT_FALSE(store->FindMessage("m1999").value().has_value()) << "the oldest first";
  EXPECT_TRUE(store->FindMessage("m2000").value().has_value());
  EXPECT_EQ(store->DeleteMessagesBefore(time).value(), 500);
  EXPECT_EQ(store->DeleteMessagesBefore(time).value(), 0);
  EXPECT_TRUE(store->FindMessage("m2500").value().has_value());
}

TEST_P(StoreOn, TwoStoresThreadShareOneDatabase) {
  const auto first = OpenStore(), second = OpenStore();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Store& store = thread % 2 == 0 ? *first : *second;
      for (int i = 0; i < 25; ++i) {
        // Every event comes by both stores, as from a client that repeats its request elsewhere.
        const auto added = store.AddFeedback(Event(std::to_string(thread / 2 * 100 + i)));
        EXPECT_TRUE(added) << added.error().Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first->CountFeedback({}).value(), 50);
}

TEST(Store, TwoProcessesWriteToOneSqliteFile) {
  const TemporaryDirectory directory;
  const std::string url = (directory.path() / "store.db").string();
  const auto add = [&](const std::string& process) {
    const auto store = Store::Open({.url = url});
    if (!store) return 1;
    for (int i = 0; i < 60; ++i) {
      if (!(*store)->AddFeedback(Event(process + std::to_string(i)))) return 2;
      if (!(*store)->AddFeedback(Event("of both " + std::to_string(i)))) return 3;
    }
    return 0;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(add("child"));
  EXPECT_EQ(add("parent"), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Store::Open({.url = url}).value()->CountFeedback({}).value(), 180);
}

TEST(Store, AProcessThatEndsLeavesTheLogOfAnotherThatRuns) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "store.db").string();
  const StoreAddress address = ParseStoreUrl(path).value();
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t child = ::fork();  // before SQLite knows the file: its state does not survive a fork
  if (child == 0) {
    char byte = 0;
    if (::read(go[0], &byte, 1) != 1) ::_exit(2);
    const bool read = OpenSqlConnection(address, {}).value()->Run("SELECT * FROM t").has_value();
    ::_exit(read ? 0 : 1);
  }
  std::vector<std::unique_ptr<SqlConnection>> connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(OpenSqlConnection(address, {}).value());
    ASSERT_TRUE(connections.back()->Execute(i == 0 ? "CREATE TABLE t (x)" : "SELECT * FROM t"));
  }
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "-wal")) << "this process still writes to it";
  ::close(go[0]);
  ::close(go[1]);
}

TEST(Store, ASqliteFileIsReadableByItsOwnerAlone) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "store.db").string();
  const auto store = Store::Open({.url = file}).value();
  for (const char* suffix : {"", "-wal"}) {
    struct stat status {};
    ASSERT_EQ(::stat((file + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
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

/// Adds feedback in the steps that the pipe asks for, and acknowledges each, until it is killed.
[[noreturn]] void AddWhenAsked(const std::string& url, int asked, int done) {
  const auto store = Store::Open({.url = url}).value();
  char step = 0;
  while (::read(asked, &step, 1) == 1) {
    const bool added = store->AddFeedback(Event(std::string(1, step), std::string(1, step))).has_value();
    if (!added || ::write(done, &step, 1) != 1) break;
  }
  ::_exit(1);
}

TEST(Store, AnotherProcessThatClosesASqliteStoreTakesNothingAway) {
  const TemporaryDirectory directory;
  const std::string url = (directory.path() / "store.db").string();
  int asked[2], done[2];
  ASSERT_EQ(::pipe(asked), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) AddWhenAsked(url, asked[0], done[1]);
  const auto add = [&](char step) {
    char acknowledged = 0;
    return ::write(asked[1], &step, 1) == 1 && ::read(done[0], &acknowledged, 1) == 1 && acknowledged == step;
  };
  ASSERT_TRUE(add('a'));
  EXPECT_EQ(Store::Open({.url = url}).value()->CountFeedback({}).value(), 1);  // and closes it
  ASSERT_TRUE(add('b'));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const int end : {asked[0], asked[1], done[0], done[1]}) ::close(end);
  EXPECT_THAT(TextsOf(Store::Open({.url = url}).value()->ListFeedback({}).value()), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace winnow
