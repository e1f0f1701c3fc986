#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "store/store.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;

class StoreListsOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, StoreListsOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

std::vector<std::string> SendersOf(const std::vector<StoredReputation>& stored) {
  std::vector<std::string> senders;
  for (const StoredReputation& each : stored) senders.push_back(each.key.sender + "/" + each.key.user_id);
  return senders;
}

StoreTime AfterStart(int milliseconds) { return StoreTime(std::chrono::milliseconds(1000000 + milliseconds)); }

TEST_P(StoreListsOn, ListsSendersByTheirLastChange) {
  const auto store = OpenStore();
  const auto change = [&](const std::string& sender, const std::string& kind, const std::string& user, double delta,
                          int at) {
    ASSERT_TRUE(store->ChangeReputation({.idempotency_key = sender + kind + user + std::to_string(at),
                                         .key = {sender, kind, user},
                                         .delta = delta,
                                         .at = AfterStart(at)}));
  };
  change("a@example.com", "deny", "", 1, 1);
  change("b@example.com", "deny", "", 1, 3);
  change("c@example.com", "deny", "anna", 1, 2);
  change("c@example.com", "deny", "bela", 1, 2);
  change("d@example.com", "deny", "", 1, 4);
  change("d@example.com", "deny", "", -1, 5);  // no longer on the list
  change("e_100%@example.com", "allow", "", 1, 9);
  change("a@example.com", "score", "", -2, 9);
  EXPECT_THAT(SendersOf(store->ListReputation({.kind = "deny", .positive = true}).value()),
              ElementsAre("b@example.com/", "c@example.com/bela", "c@example.com/anna", "a@example.com/"));
  EXPECT_THAT(SendersOf(store->ListReputation({.kind = "score"}).value()), ElementsAre("a@example.com/"));
  EXPECT_THAT(SendersOf(store->ListReputation({.kind = "allow", .contains = "E_100%"}).value()),
              ElementsAre("e_100%@example.com/"));
  EXPECT_TRUE(store->ListReputation({.kind = "deny", .contains = "_"}).value().empty());

  const auto first = store->ListReputation({.kind = "deny", .positive = true, .limit = 2}).value();
  EXPECT_THAT(SendersOf(first), ElementsAre("b@example.com/", "c@example.com/bela"));
  const ChangePlace place{first[1].reputation.updated_at, first[1].key.sender, first[1].key.user_id};
  EXPECT_THAT(SendersOf(store->ListReputation({.kind = "deny", .positive = true, .before = place}).value()),
              ElementsAre("c@example.com/anna", "a@example.com/"));
}

TEST_P(StoreListsOn, ScoresThatAreSetTogetherAreSeenTogetherByThreads) {
  const auto store = OpenStore();
  const auto put = [&](bool allow) {
    const std::pair<ReputationKey, double> lists[] = {{{"s@example.org", "allow", ""}, allow ? 1. : 0.},
                                                      {{"s@example.org", "deny", ""}, allow ? 0. : 1.}};
    return store->SetReputations(lists);
  };
  ASSERT_TRUE(put(true));
  std::vector<std::thread> threads;
  for (const bool allow : {true, false}) {
    threads.emplace_back([&, allow] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(put(allow));
    });
  }
  const std::vector<std::string> senders = {"s@example.org"};
  for (int i = 0; i < 50; ++i) {
    const auto records = store->FindReputation(senders, "").value();
    ASSERT_EQ(records.size(), 2);
    EXPECT_EQ(records[0].reputation.score + records[1].reputation.score, 1) << "on both lists, or on none";
  }
  for (std::thread& thread : threads) thread.join();
  const std::pair<ReputationKey, double> wrong[] = {{{"s@example.org", "allow", ""}, 7},
                                                    {{"s@example.org", "", ""}, 7}};
  EXPECT_EQ(ErrorOf(store->SetReputations(wrong)).code, ErrorCode::kInvalidArgument);
  EXPECT_NE(store->GetReputation({"s@example.org", "allow", ""}).value()->score, 7) << "all or none";
}

TEST_P(StoreListsOn, ListsPreferencesByTheirLastChange) {
  const auto store = OpenStore();
  for (const char* user : {"anna", "bela", "cleo"})
    ASSERT_TRUE(store->SetPreferences(user, {.mode = "strict", .threshold = {}}));
  ASSERT_TRUE(Connect()->Execute("UPDATE preferences SET updated_at = '2026-01-01T00:00:00.000Z'"));
  ASSERT_TRUE(store->SetPreferences("bela", {.mode = {}, .threshold = .75}));
  const auto first = store->ListPreferences({.before = {}, .limit = 2}).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].user_id, "bela");
  EXPECT_EQ(first[0].preferences.threshold, .75);
  EXPECT_EQ(first[1].user_id, "cleo");
  const auto rest = store->ListPreferences({.before = ChangePlace{first[1].updated_at, "cleo", ""}}).value();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].user_id, "anna");
  EXPECT_EQ(rest[0].preferences.mode, "strict");
}

TEST_P(StoreListsOn, ListsTheAuditLogFromItsEnd) {
  const auto store = OpenStore();
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(store->AppendAudit({.actor = "key:web", .action = "rules.set", .subject = std::to_string(i)}));
  const auto page = store->ListAudit({.newest_first = true, .limit = 2}).value();
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].entry.subject, "4");
  const auto next = store->ListAudit({.newest_first = true, .before_id = page[1].id}).value();
  ASSERT_EQ(next.size(), 3u);
  EXPECT_EQ(next[0].entry.subject, "2");
}

TEST_P(StoreListsOn, ListsTheFeedbackAboutMessages) {
  const auto store = OpenStore();
  std::vector<FeedbackEvent> events;
  std::vector<std::string> ids;
  for (int i = 0; i < 250; ++i) {
    const std::string id = "m" + std::to_string(i);
    events.push_back(
        {.idempotency_key = "k" + id, .text = "a text", .is_spam = true, .feedback_type = "admin", .message_id = id});
    if (i % 2 == 0) ids.push_back(id);
  }
  ASSERT_TRUE(store->AddFeedbackBatch(events));
  const auto found = store->ListFeedbackAbout(ids).value();
  ASSERT_EQ(found.size(), 125u);
  EXPECT_EQ(found[0].event.message_id, "m0");
  EXPECT_EQ(found[124].event.message_id, "m248");
  EXPECT_TRUE(store->ListFeedbackAbout({}).value().empty());
}

}  // namespace
}  // namespace winnow
