#include "filter/history.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

MessageRecord Message(const std::string& id, StoreTime at) {
  MessageRecord message;
  message.message_id = id;
  message.text = "text";
  message.source = "rules";
  message.created_at = at;
  return message;
}

TEST(HistoryThread, DeletesOldMessagesHoweverManyThereAre) {
  const TemporaryDirectory directory;
  const std::shared_ptr<Store> store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  const StoreTime now = StoreNow();
  std::vector<MessageRecord> messages;
  for (int i = 0; i < 5000; ++i) messages.push_back(Message("old" + std::to_string(i), now - std::chrono::days(40)));
  messages.push_back(Message("young", now - std::chrono::days(1)));
  ASSERT_TRUE(store->RecordMessages(messages));
  History history([&] { return store; }, {});
  history.Add(Message("new", now));
  EXPECT_TRUE(history.WaitUntilWritten(std::chrono::minutes(1)));
  const auto left = [&] { return store->ListMessages({.limit = 10}).value().size(); };
  for (int i = 0; i < 3000 && left() > 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(left(), 2u);
  EXPECT_TRUE(store->FindMessage("young").value() && store->FindMessage("new").value());
}

TEST(HistoryThread, DrawsVerdictsForBlindLabelsAsTheStoreHasTheirTexts) {
  const TemporaryDirectory directory;
  const std::shared_ptr<Store> store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  {
    History history([&] { return store; }, {.redaction = {.numbers = true}, .audit_one_in = 1});
    for (const char* id : {"a", "b"}) {
      MessageRecord message = Message(id, StoreNow());
      message.text = "Pay 17 EUR";
      history.Add(std::move(message));
    }
    EXPECT_TRUE(history.WaitUntilWritten(std::chrono::minutes(1)));
  }
  const auto drawn = store->ListVerdictSamples({}).value();
  ASSERT_EQ(drawn.size(), 2u);
  EXPECT_EQ(drawn[0].sample.text, "Pay 00 EUR");
  EXPECT_EQ(drawn[0].sample.probability, 1);
  EXPECT_EQ(store->ListMessages({}).value().size(), 2u);
}

TEST(HistoryThread, IsWaitedForAsLongAsItWrites) {
  const TemporaryDirectory directory;
  const std::shared_ptr<Store> store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  constexpr std::chrono::milliseconds kPerBatch(1000);
  History history(
      [&] {
        std::this_thread::sleep_for(kPerBatch);  // a store that is slow, and takes 500 messages at a time
        return store;
      },
      {.retention = {}});
  for (int i = 0; i < 1600; ++i) history.Add(Message(std::to_string(i), StoreNow()));
  EXPECT_TRUE(history.WaitUntilWritten(3 * kPerBatch));
  EXPECT_EQ(store->ListMessages({.limit = 2000}).value().size(), 1600u);
}

TEST(HistoryThread, IsNotWaitedForIfTheStoreHangs) {
  const TemporaryDirectory directory;
  History history([&] { return std::shared_ptr<Store>(); }, {});
  history.Add(Message("waits", StoreNow()));
  EXPECT_FALSE(history.WaitUntilWritten(std::chrono::milliseconds(50)));
}

TEST(HistoryThread, DrawsNoVerdictsUnlessItIsAskedTo) {
  const TemporaryDirectory directory;
  const std::shared_ptr<Store> store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  History history([&] { return store; }, {});
  for (int i = 0; i < 200; ++i) history.Add(Message(std::to_string(i), StoreNow()));
  EXPECT_TRUE(history.WaitUntilWritten(std::chrono::minutes(1)));
  EXPECT_TRUE(store->ListVerdictSamples({}).value().empty());
}

}  // namespace
}  // namespace winnow
