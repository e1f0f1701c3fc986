#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;

class StoreUsersOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, StoreUsersOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(StoreUsersOn, KeepsPreferences) {
  const auto store = OpenStore();
  EXPECT_EQ(store->GetPreferences("anna").value(), std::nullopt);
  ASSERT_TRUE(store->SetPreferences("anna", {.mode = "strict", .threshold = {}}));
  ASSERT_TRUE(store->SetPreferences("anna", {.mode = {}, .threshold = 0.25}));
  EXPECT_EQ(store->GetPreferences("anna").value(), (Preferences{std::nullopt, 0.25}));
}

TEST_P(StoreUsersOn, FindsWhatFormerVersionsHaveStoredUnderOtherSpellingsOfAnAddress) {
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

TEST_P(StoreUsersOn, ReputationDecaysByHalves) {
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

TEST_P(StoreUsersOn, FindsAllScoresOfSendersForAUser) {
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

TEST_P(StoreUsersOn, ConcurrentChangesOfReputationThreadAllCount) {
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

}  // namespace
}  // namespace winnow
