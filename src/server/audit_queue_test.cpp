#include "server/audit_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AuditQueueTest : public testing::Test {
 protected:
  AuditQueueTest() : store_(Store::Open({.url = "sqlite:" + (directory_.path() / "store.db").string()}).value()) {}

  std::vector<std::string> Stored() {
    std::vector<std::string> subjects;
    const auto entries = store_->ListAudit({}).value();
    for (const StoredAuditEntry& each : entries) subjects.push_back(each.entry.subject);
    return subjects;
  }

  /// Writes until nothing waits: a call ends after a while, as for a store that hangs.
  void WriteAll() {
    while (queue_.waiting() > 0) queue_.WriteWaiting();
  }

  static AuditEntry Change(const std::string& subject) {
    return {.actor = "key:anna", .action = "rules.set", .subject = subject};
  }

  TemporaryDirectory directory_;
  std::shared_ptr<Store> store_;
  bool down_ = false;
  AuditQueue queue_{[this] { return down_ ? nullptr : store_; }, /*most_waiting=*/3};
};

TEST_F(AuditQueueTest, StoresWhatWasAdded) {
  queue_.Add(Change("A"));
  EXPECT_EQ(queue_.waiting(), 1);
  WriteAll();
  EXPECT_THAT(Stored(), ElementsAre("A"));
}

TEST_F(AuditQueueTest, WhatTheStoreDoesNotTakeWaitsAndIsStoredOnceInItsOrder) {
  down_ = true;
  for (const char* subject : {"A", "B"}) queue_.Add(Change(subject));
  queue_.WriteWaiting();
  EXPECT_EQ(queue_.waiting(), 2);
  down_ = false;
  queue_.Add(Change("C"));
  WriteAll();
  queue_.WriteWaiting();
  EXPECT_THAT(Stored(), ElementsAre("A", "B", "C"));
}

TEST_F(AuditQueueTest, AnEntryThatTheStoreRefusesDoesNotHoldUpTheOthers) {
  down_ = true;
  for (const char* subject : {"A", "\xff", "B"}) queue_.Add(Change(subject));
  down_ = false;
  WriteAll();
  EXPECT_THAT(Stored(), ElementsAre("A", "B"));
}

TEST_F(AuditQueueTest, ThreadsWriteEntriesInTheirOrder) {
  AuditQueue queue([this] { return store_; });
  std::vector<std::string> added;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    added.push_back(std::to_string(i));
    queue.Add(Change(added.back()));
    threads.emplace_back([&queue] { queue.WriteWaiting(); });
  }
  for (std::thread& thread : threads) thread.join();
  while (queue.waiting() > 0) queue.WriteWaiting();  // what a slow store has not taken in time waits for the next call
  EXPECT_EQ(Stored(), added);
}

TEST_F(AuditQueueTest, LogsOnceWhatWaits) {
  down_ = true;
  testing::internal::CaptureStderr();
  queue_.Add(Change("A"));
  queue_.WriteWaiting();
  queue_.Add(Change("B"));
  queue_.WriteWaiting();
  const std::string log = testing::internal::GetCapturedStderr();
  for (const char* change : {"rules.set A ", "rules.set B "}) EXPECT_THAT(log, HasSubstr(change));
  EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;
}

TEST_F(AuditQueueTest, HoldsABoundedNumber) {
  down_ = true;
  for (const char* subject : {"A", "B", "C", "D"}) queue_.Add(Change(subject));
  EXPECT_EQ(queue_.waiting(), 3);
}

}  // namespace
}  // namespace winnow
