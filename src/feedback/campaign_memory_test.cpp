#include "feedback/campaign_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "support/thread_seconds.h"

namespace winnow {
namespace {

constexpr StoreTime kNow = StoreTime(std::chrono::seconds(1'800'000'000));
constexpr std::string_view kText =
    "Dear customer, your parcel 4711 could not be delivered today because the street number is missing, please confirm "
    "the address within two days";
constexpr std::string_view kVariant =
    "Dear customer, your parcel 9903 could not be delivered today because the house number is missing, please confirm "
    "your address within two days";

FeedbackEvent Event(std::string_view user, bool spam, std::string_view text = kText, StoreTime at = kNow) {
  FeedbackEvent event;
  event.text = text;
  event.user_id = user;
  event.is_spam = spam;
  event.feedback_type = "user_rejection";
  event.created_at = at;
  return event;
}

FeedbackEvent Admin(bool spam, std::string_view text = kText, StoreTime at = kNow) {
  FeedbackEvent event = Event("root", spam, text, at);
  event.feedback_type = "admin";
  return event;
}

void Trust(CampaignMemory& memory, std::vector<std::string> users) { memory.SetTrustedUsers(users); }

TEST(CampaignMemory, ACorrectionActsAtOnceForItsUserAlone) {
  CampaignMemory memory;
  EXPECT_FALSE(memory.Find(kText, "anna", kNow));
  memory.Learn(Event("anna", true));
  const CampaignHit hit = memory.Find(kVariant, "anna", kNow).value();
  EXPECT_EQ(hit.symbol(), "MEMORY_SPAM");
  EXPECT_TRUE(hit.own);
  EXPECT_GT(hit.similarity, 0.7);
  EXPECT_LT(hit.similarity, 1);
  EXPECT_FALSE(memory.Find(kVariant, "ben", kNow));
  EXPECT_FALSE(memory.Find(kVariant, "", kNow));
}

TEST(CampaignMemory, TheLastWordCountsInEveryOrderOfArrival) {
  CampaignMemory memory;
  memory.Learn(Event("anna", false, kText, kNow));
  memory.Learn(Event("anna", true, kText, kNow - std::chrono::seconds(1)));
  EXPECT_EQ(memory.Find(kText, "anna", kNow).value().symbol(), "MEMORY_HAM");
  FeedbackEvent forget = Event("anna", true, kText, kNow + std::chrono::seconds(1));
  forget.is_spam.reset();
  forget.feedback_type = "forget";
  memory.Learn(forget);
  EXPECT_FALSE(memory.Find(kText, "anna", kNow));
}

TEST(CampaignMemory, ThreeTrustedUsersWhoAgreeOnVariantsCountForEverybody) {
  CampaignMemory memory;
  Trust(memory, {"anna", "ben", "cleo"});
  memory.Learn(Event("anna", true));
  memory.Learn(Event("ben", true, kVariant));
  memory.Learn(Event("mallory", true));
  memory.Learn(Event("mallet", true));
  EXPECT_FALSE(memory.Find(kText, "zoe", kNow)) << "new accounts count nothing for others";
  memory.Learn(Event("cleo", true));
  const CampaignHit hit = memory.Find(kText, "zoe", kNow).value();
  EXPECT_TRUE(hit.is_spam);
  EXPECT_FALSE(hit.own);
}

TEST(CampaignMemory, AnAnonymousReportLeavesTheWordOfAnAdministratorWithoutAName) {
  CampaignMemory memory;
  FeedbackEvent admin = Admin(false), anonymous = Event("", true);
  admin.user_id.reset();
  anonymous.user_id.reset();
  anonymous.created_at = admin.created_at + std::chrono::hours(1);
  memory.Learn(admin);
  memory.Learn(anonymous);
  EXPECT_EQ(memory.Find(kText, "anna", anonymous.created_at).value().symbol(), "MEMORY_HAM");
}

TEST(CampaignMemory, ATrustedUserWhoContradictsLeavesTheDecisionToAdministrators) {
  CampaignMemory memory;
  Trust(memory, {"anna", "ben", "cleo", "dora"});
  for (const char* user : {"anna", "ben", "cleo"}) memory.Learn(Event(user, true));
  memory.Learn(Event("dora", false));
  EXPECT_FALSE(memory.Find(kText, "zoe", kNow));
  EXPECT_FALSE(memory.Find(kText, "dora", kNow).value().is_spam);
  memory.Learn(Admin(false));
  EXPECT_FALSE(memory.Find(kVariant, "zoe", kNow).value().is_spam);
  EXPECT_TRUE(memory.Find(kText, "anna", kNow).value().is_spam) << "the own correction comes first";
}

/// Each user has received a variant of its own; the votes of all variants count together.
TEST(CampaignMemory, OneWordAgainstManyVariantsIsHeard) {
  CampaignMemory memory;
  std::vector<std::string> users;
  const auto variant = [](int i) { return std::string(kText) + " Reference " + std::to_string(10000 + i); };
  for (int i = 0; i < 200; ++i) users.push_back("user" + std::to_string(i));
  Trust(memory, users);
  for (int i = 0; i < 199; ++i) memory.Learn(Event(users[static_cast<size_t>(i)], true, variant(i)));
  EXPECT_TRUE(memory.Find(variant(500), "zoe", kNow).value().is_spam);
  memory.Learn(Event(users.back(), false, variant(199)));
  EXPECT_FALSE(memory.Find(variant(500), "zoe", kNow));
}

TEST(CampaignMemory, TrustIsAppliedToCorrectionsThatAreThere) {
  CampaignMemory memory;
  for (const char* user : {"anna", "ben", "cleo"}) memory.Learn(Event(user, true));
  EXPECT_FALSE(memory.Find(kText, "zoe", kNow));
  Trust(memory, {"anna", "ben", "cleo"});
  EXPECT_TRUE(memory.Find(kText, "zoe", kNow));
  Trust(memory, {"anna", "ben"});
  EXPECT_FALSE(memory.Find(kText, "zoe", kNow));
}

TEST(CampaignMemory, ShortTextsMatchOnlyIfTheyAreEqualAfterFolding) {
  CampaignMemory memory;
  memory.Learn(Admin(true, "claim your prize now"));
  EXPECT_TRUE(memory.Find("CLAIM  your prize NOW", "", kNow));
  EXPECT_TRUE(memory.Find("claim your pr1ze now", "", kNow)) << "leetspeak is folded";
  EXPECT_FALSE(memory.Find("claim your price now", "", kNow));
  EXPECT_FALSE(memory.Find("claim your prize", "", kNow));
  EXPECT_FALSE(memory.Find("", "", kNow));
}

TEST(CampaignMemory, EntriesExpireUnlessTheyAreMatched) {
  CampaignMemory memory;
  memory.Learn(Admin(true));
  EXPECT_TRUE(memory.Find(kText, "", kNow + std::chrono::days(29)));
  EXPECT_TRUE(memory.Find(kText, "", kNow + std::chrono::days(58)));
  EXPECT_EQ(memory.DropExpired(kNow + std::chrono::days(80)), 0u);
  EXPECT_FALSE(memory.Find(kText, "", kNow + std::chrono::days(89)));
  EXPECT_EQ(memory.DropExpired(kNow + std::chrono::days(89)), 1u);
  EXPECT_EQ(memory.size(), 0u);
  memory.Learn(Admin(false, kText, kNow + std::chrono::days(90)));
  EXPECT_FALSE(memory.Find(kVariant, "", kNow + std::chrono::days(90)).value().is_spam);
}

TEST(CampaignMemory, UsesAreReportedOnceAndRestored) {
  CampaignMemory memory;
  memory.Learn(Admin(true));
  EXPECT_TRUE(memory.TakeUses().empty());
  ASSERT_TRUE(memory.Find(kText, "", kNow + std::chrono::days(20)));
  const std::vector<CampaignUse> uses = memory.TakeUses();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_TRUE(memory.TakeUses().empty());
  CampaignMemory restarted;
  restarted.Learn(Admin(true));
  restarted.Restore(uses[0]);
  restarted.Restore({.digest = "not a digest", .at = kNow});
  EXPECT_TRUE(restarted.Find(kText, "", kNow + std::chrono::days(45)));
}

TEST(CampaignMemory, CapsBoundWhatOneUserCanDoForOthers) {
  CampaignMemory memory({.agreeing_users = 1, .caps = {.per_user = 2, .per_sender = 100}});
  Trust(memory, {"anna"});
  const auto text = [](int i) { return "short " + std::to_string(i); };
  for (int i = 0; i < 4; ++i) memory.Learn(Event("anna", true, text(i)));
  EXPECT_TRUE(memory.Find(text(1), "zoe", kNow));
  EXPECT_FALSE(memory.Find(text(2), "zoe", kNow));
  EXPECT_TRUE(memory.Find(text(2), "anna", kNow)) << "the user's own correction has no cap";
  memory.Learn(Event("anna", true, text(9), kNow + std::chrono::days(1)));
  EXPECT_TRUE(memory.Find(text(9), "zoe", kNow)) << "the next day counts on its own";
}

TEST(CampaignMemory, CapsBoundReportsAboutOneSender) {
  CampaignMemory memory({.agreeing_users = 1, .caps = {.per_user = 100, .per_sender = 1}});
  Trust(memory, {"anna"});
  memory.Learn(Event("anna", true, "one"), "bank.example");
  memory.Learn(Event("anna", true, "two"), "bank.example");
  EXPECT_TRUE(memory.Find("one", "zoe", kNow));
  EXPECT_FALSE(memory.Find("two", "zoe", kNow));
}

TEST(CampaignMemory, ProgramsAndOtherLabelsHaveNoEffect) {
  CampaignMemory memory;
  FeedbackEvent event = Event("anna", true);
  event.source = "big-model";
  memory.Learn(event);
  event = Event("anna", true);
  event.is_spam.reset();
  event.label = "billing";
  memory.Learn(event);
  EXPECT_FALSE(memory.Find(kText, "anna", kNow));
}

std::string RandomText(Random& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += "w" + std::to_string(random.Below(3000)) + " ";
  return text;
}

/// Many entries, so that all tables grow and numbers of entries are used again.
TEST(CampaignMemory, FindsEveryEntryWhileTablesGrowAndEntriesEnd) {
  CampaignMemory memory;
  Random random(3, "texts");
  std::vector<std::string> texts;
  for (int i = 0; i < 20000; ++i) {
    texts.push_back(RandomText(random, 20));
    const StoreTime at = i < 10000 ? kNow : kNow + std::chrono::days(20);
    if (i == 15000) {
      EXPECT_EQ(memory.DropExpired(kNow + std::chrono::days(40)), 10000u);
    }
    memory.Learn(Admin(i % 2 == 0, texts.back(), at));
  }
  EXPECT_EQ(memory.size(), 10000u);
  const StoreTime now = kNow + std::chrono::days(20);
  for (size_t i = 0; i < texts.size(); ++i) {
    // One word is replaced by another one.
    const std::string variant = "changed " + texts[i].substr(texts[i].find(' ') + 1);
    const auto hit = memory.Find(variant, "", now);
    ASSERT_EQ(hit.has_value(), i >= 10000) << i;
    if (hit) {
      ASSERT_EQ(hit->is_spam, i % 2 == 0);
    }
  }
}

TEST(CampaignMemory, ManyEntriesOfEqualWordsStayCheap) {
  CampaignMemory memory;
  for (int i = 0; i < 3000; ++i) {
    std::string text = "buy the best pills here today for less";
    for (int bit = 0; bit < 12; ++bit) text += (i >> bit) % 2 == 0 ? "." : "!";
    memory.Learn(Admin(true, text));
  }
  EXPECT_EQ(memory.size(), 3000u);
  const double begin = ThreadSeconds();
  EXPECT_TRUE(memory.Find("buy the best pills here tomorrow for less", "", kNow));
  // It takes a millisecond; the bound catches work that grows with the number of entries.
  EXPECT_LT(ThreadSeconds() - begin, 10);
}

TEST(CampaignMemory, ReadersThreadAndWritersAgree) {
  CampaignMemory memory;
  memory.Learn(Admin(true));
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&] {
      while (!done) EXPECT_TRUE(memory.Find(kVariant, "zoe", kNow));
    });
  }
  Random random(1, "threads");
  for (int i = 0; i < 3000; ++i) memory.Learn(Event("anna", true, RandomText(random, 12)));
  memory.TakeUses();
  memory.DropExpired(kNow);
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory.size(), 3001u);
}

}  // namespace
}  // namespace winnow
