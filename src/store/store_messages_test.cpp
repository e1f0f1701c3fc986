#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/store.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;

class StoreMessagesOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, StoreMessagesOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(StoreMessagesOn, FindsMessagesInTheHistory) {
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

TEST_P(StoreMessagesOn, DeletesOldMessagesSomeAtATime) {
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

}  // namespace
}  // namespace winnow
