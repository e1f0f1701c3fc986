#include "filter/known_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>

#include "filter/history.h"
#include "filter/sender_learner.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

constexpr std::chrono::minutes kLongest(5);  // for what is certain to come, so that a slow machine passes

class KnownStateOf : public testing::Test {
 protected:
  KnownStateOptions Options(std::chrono::milliseconds time_to_live = std::chrono::hours(1)) {
    KnownStateOptions options;
    options.store.url = url_;
    options.store.limits = {.statement = kLongest, .lock = kLongest, .connect = kLongest};
    options.time_to_live = time_to_live;
    options.pause = std::chrono::hours(1);
    return options;
  }

  std::unique_ptr<Spool> OpenSpool() { return Spool::Open(directory_.path() / "senders").value(); }
  static void AwaitDelivery(const SenderLearner& learner) {
    EXPECT_TRUE(Eventually([&] { return !learner.waiting(); }));
  }

  const TemporaryDirectory directory_;
  const std::string url_ = (directory_.path() / "store.db").string();
  const std::shared_ptr<Store> store_ = Store::Open({.url = url_}).value();
};

TEST_F(KnownStateOf, SendersAndUsersIsReadOnceAndThenInMemory) {
  ASSERT_TRUE(store_->SetPreferences("anna", {.mode = "strict"}));
  ASSERT_TRUE(store_->SetReputation({"@example.com", "allow", ""}, 1));
  KnownStateCache cache(Options());
  EXPECT_FALSE(cache.Cached("joe@example.com", "anna"));
  const KnownState loaded = cache.Load("joe@example.com", "anna");
  EXPECT_EQ(loaded.preferences, Preferences{.mode = "strict"});
  EXPECT_EQ(loaded.sender.list, SenderReputation::List::kAllowed);
  ASSERT_TRUE(store_->SetPreferences("anna", {.mode = "lenient"}));
  EXPECT_EQ(cache.Cached("joe@example.com", "anna")->preferences->mode, "strict");
  cache.ForgetUser("anna");
  EXPECT_FALSE(cache.Cached("joe@example.com", "anna"));
  EXPECT_EQ(cache.Load("joe@example.com", "anna").preferences->mode, "lenient");
  EXPECT_EQ(cache.counts().reads, 2u);
}

TEST_F(KnownStateOf, AChangeOfADomainReachesAllOfItsSenders) {
  KnownStateCache cache(Options());
  EXPECT_EQ(cache.Load("joe@example.com", "").sender.list, SenderReputation::List::kNone);
  ASSERT_TRUE(store_->SetReputation({"@example.com", "deny", ""}, 1));
  cache.ForgetSender("@example.com");
  EXPECT_EQ(cache.Load("joe@example.com", "").sender.list, SenderReputation::List::kDenied);
}

TEST_F(KnownStateOf, FactsExpire) {
  KnownStateCache cache(Options(std::chrono::milliseconds(0)));
  cache.Load("joe@example.com", "anna");
  EXPECT_FALSE(cache.Cached("joe@example.com", "anna"));
}

TEST_F(KnownStateOf, TheNumberOfEntriesIsBounded) {
  KnownStateOptions options = Options();
  options.max_entries = 2;
  KnownStateCache cache(std::move(options));
  for (const char* const user : {"a", "b", "c"}) cache.Load("", user);
  EXPECT_FALSE(cache.Cached("", "a"));
  EXPECT_TRUE(cache.Cached("", "b"));
  EXPECT_TRUE(cache.Cached("", "c"));
}

TEST_F(KnownStateOf, AStoreThatIsDownIsNotAskedForEveryMessage) {
  KnownStateOptions options = Options();
  options.store.url = (directory_.path() / "none" / "store.db").string();
  KnownStateCache cache(std::move(options));
  EXPECT_FALSE(cache.Load("joe@example.com", "anna").preferences);
  EXPECT_TRUE(cache.Cached("jim@example.com", "bob")) << "no further attempt for a while";
  cache.Load("jim@example.com", "bob");
  EXPECT_EQ(cache.counts().failures, 1u);
}

TEST_F(KnownStateOf, NamesThatNoStoreCanHoldAreUnknownAndNoOutage) {
  KnownStateCache cache(Options());
  EXPECT_FALSE(cache.Load("", std::string(2000, 'u')).preferences);
  EXPECT_EQ(cache.counts().failures, 0u);
}

TEST_F(KnownStateOf, LessonsChangeTheScoreOnceAndAtOnce) {
  KnownStateCache cache(Options());
  cache.Load("joe@example.com", "anna");
  SenderLearner learner([this] { return store_; }, cache, OpenSpool());
  for (int i = 0; i < 2; ++i) {
    learner.Learn({.key = "k1", .sender = "joe@example.com", .user = "anna", .delta = 1, .at = StoreNow()});
  }
  EXPECT_FALSE(cache.Cached("joe@example.com", "anna"));
  EXPECT_NEAR(cache.Load("joe@example.com", "anna").sender.user_score, 1, 1e-3);
  EXPECT_EQ(cache.Load("joe@example.com", "bob").sender.score(), 0);
}

TEST_F(KnownStateOf, LessonsWaitForAStoreThatIsDown) {
  KnownStateCache cache(Options());
  std::atomic<bool> up = false;
  SenderLearner learner([&] { return up ? store_ : nullptr; }, cache, OpenSpool());
  learner.Learn({.key = "k1", .sender = "joe@example.com", .user = "", .delta = -1, .at = StoreNow()});
  learner.Learn({.key = "k2", .sender = "joe@example.com", .user = "", .delta = -1, .at = StoreNow()});
  EXPECT_TRUE(learner.waiting());
  up = true;
  AwaitDelivery(learner);
  EXPECT_NEAR(cache.Load("joe@example.com", "").sender.common_score, -2, 1e-3);
  EXPECT_EQ(learner.lost(), 0u);
}

TEST_F(KnownStateOf, LessonsAreWrittenAfterAnExceptionOfTheThread) {
  KnownStateCache cache(Options());
  std::atomic<int> asked = 0;
  const auto source = [&]() -> std::shared_ptr<Store> {
    if (++asked == 1) return nullptr;
    if (asked == 2) throw std::bad_alloc();
    return store_;
  };
  SenderLearner learner(source, cache, OpenSpool());
  learner.Learn({.key = "k1", .sender = "joe@example.com", .user = "", .delta = 1, .at = StoreNow()});
  AwaitDelivery(learner);
  EXPECT_NEAR(cache.Load("joe@example.com", "").sender.common_score, 1, 1e-3);
}

TEST_F(KnownStateOf, LessonsOutliveTheProcessThatCouldNotWriteThem) {
  KnownStateCache cache(Options());
  const SenderLesson lesson{.key = "k1", .sender = "joe@example.com", .user = "anna", .delta = 1, .at = StoreNow()};
  for (int process = 0; process < 2; ++process) {
    SenderLearner learner([] { return nullptr; }, cache, OpenSpool());
    learner.Learn(lesson);  // the second time as a repeated request
    EXPECT_TRUE(learner.waiting());
  }
  SenderLearner learner([this] { return store_; }, cache, OpenSpool());
  AwaitDelivery(learner);
  EXPECT_NEAR(cache.Load("joe@example.com", "anna").sender.user_score, 1, 1e-3);
}

MessageRecord Record(const std::string& id, const std::string& text = "text") {
  MessageRecord record;
  record.message_id = id;
  record.text = text;
  record.source = "rules";
  record.created_at = StoreNow();
  return record;
}

TEST_F(KnownStateOf, HistoryIsWrittenInTheBackgroundAndKnownAtOnce) {
  History history([this] { return store_; }, {});
  history.Add(Record("m1"));
  EXPECT_EQ(history.Recent("m1")->text, "text");
  EXPECT_FALSE(history.Recent("m2"));
  ASSERT_TRUE(history.WaitUntilWritten(kLongest));
  EXPECT_EQ(store_->FindMessage("m1").value()->message.text, "text");
  EXPECT_EQ(history.counts().written, 1u);
}

TEST_F(KnownStateOf, HistoryWaitsForAStoreThatIsDownAndCountsWhatItLoses) {
  std::atomic<bool> up = false;
  History history([&] { return up ? store_ : nullptr; }, {.most_recent = 2});
  for (const char* const id : {"m1", "m2", "m3"}) history.Add(Record(id));
  EXPECT_EQ(history.counts().waiting, 2u);
  EXPECT_FALSE(history.Recent("m1"));
  EXPECT_TRUE(Eventually([&] { return history.counts().failing; }));
  up = true;
  ASSERT_TRUE(history.WaitUntilWritten(kLongest));
  EXPECT_FALSE(history.counts().failing);
  EXPECT_TRUE(store_->FindMessage("m3").value());
  EXPECT_FALSE(store_->FindMessage("m1").value());
  EXPECT_EQ(history.counts().lost + history.counts().written, 3u);
}

TEST_F(KnownStateOf, HistoryIsWrittenAfterAnExceptionOfTheThread) {
  std::atomic<int> asked = 0;
  History history(
      [&]() -> std::shared_ptr<Store> {
        if (++asked == 1) throw std::bad_alloc();
        return store_;
      },
      {.retention = std::chrono::days(0)});
  history.Add(Record("m1"));
  ASSERT_TRUE(history.WaitUntilWritten(kLongest));
  EXPECT_TRUE(store_->FindMessage("m1").value());
  EXPECT_EQ(history.counts().lost, 0u);
  EXPECT_EQ(asked, 2);
}

TEST_F(KnownStateOf, OldMessagesAreDeletedFromTheHistory) {
  MessageRecord old = Record("old");
  old.created_at -= std::chrono::days(40);
  const MessageRecord recent = Record("recent");
  ASSERT_TRUE(store_->RecordMessages(std::vector{old, recent}));
  History history([this] { return store_; }, {.retention = std::chrono::days(30)});
  EXPECT_TRUE(Eventually([&] { return !store_->FindMessage("old").value(); }));
  EXPECT_TRUE(store_->FindMessage("recent").value());
}

TEST_F(KnownStateOf, AHistoryForgetsAndRedacts) {
  std::atomic<bool> up = false;
  std::atomic<int> asked = 0;
  const auto source = [&] {
    const bool open = up;
    ++asked;
    return open ? store_ : nullptr;
  };
  History history(source, {.redaction = {.numbers = true}});
  for (const auto& [id, text] : {std::pair("m1", "secret 12"), std::pair("m2", "code 34"), std::pair("m3", "lunch")}) {
    MessageRecord record;
    record.message_id = id;
    record.text = text;
    record.source = "classifier";
    record.created_at = StoreNow() - std::chrono::seconds(1);
    history.Add(record);
  }
  Tombstones tombstones("key");
  tombstones.Add(
      {.id = 1, .digest = TombstoneDigest("key", ForgottenKind::kText, "SECRET 12"), .forgotten_at = StoreNow()});
  history.Forget(tombstones);
  EXPECT_FALSE(history.Recent("m1"));
  EXPECT_EQ(history.Recent("m2")->text, "code 34") << "texts in memory are true ones";
  // What the thread has taken before then is not written any more: only a store knows the tombstones that it has.
  const int before = asked;
  EXPECT_TRUE(Eventually([&] { return asked >= before + 2; }));
  up = true;
  ASSERT_TRUE(history.WaitUntilWritten(kLongest));
  const auto messages = store_->ListMessages({}).value();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].message.text, "lunch");
  EXPECT_FALSE(messages[0].message.redacted);
  EXPECT_EQ(messages[1].message.text, "code 00");
  EXPECT_TRUE(messages[1].message.redacted);
}

}  // namespace
}  // namespace winnow
