#include "server/client_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace winnow {
namespace {

/// Keeps the only thread of a queue busy until Go is called.
class Blocker {
 public:
  explicit Blocker(ClientTasks& tasks) {
    std::promise<void> started;
    EXPECT_TRUE(tasks.Post("blocker", [this, &started] {
      started.set_value();
      go_.get_future().wait();
    }));
    started.get_future().wait();
  }
  void Go() { go_.set_value(); }

 private:
  std::promise<void> go_;
};

TEST(ClientTasks, RunsTheTasksOfAClientInOrderBeforeItEnds) {
  std::vector<int> done;
  {
    ClientTasks tasks;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(tasks.Post("a", [&done, i] { done.push_back(i); }));
  }
  ASSERT_EQ(done.size(), 100);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
}

TEST(ClientTasks, AClientThatHasUsedMoreTimeWaitsForTheOthers) {
  std::vector<std::string> done;
  {
    ClientTasks tasks;
    Blocker blocker(tasks);
    for (int i = 0; i < 3; ++i) {
      tasks.Post("long", [&done] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        done.emplace_back("long");
      });
    }
    // One task each, since a task that the system interrupts takes long, too.
    for (const char* client : {"short", "other short"}) tasks.Post(client, [&done] { done.emplace_back("short"); });
    blocker.Go();
  }
  EXPECT_THAT(done, testing::ElementsAre("long", "short", "short", "long", "long"));
}

TEST(ClientTasks, OneClientLeavesAThreadToTheOthers) {
  ClientTasks tasks(/*threads=*/2);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(tasks.Post("a", [gone] { gone.wait(); }));
  std::promise<void> ran;
  EXPECT_TRUE(tasks.Post("b", [&ran] { ran.set_value(); }));
  ran.get_future().wait();  // although the tasks of "a" all wait
  go.set_value();
}

TEST(ClientTasks, AClientTakesAsManyPlacesAsItLeavesFree) {
  ClientTasks tasks(/*threads=*/1, /*most_waiting=*/6);
  Blocker blocker(tasks);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tasks.Post("a", [] {}));
  EXPECT_FALSE(tasks.Post("a", [] {}));
  EXPECT_TRUE(tasks.Post("b", [] {}));
  EXPECT_FALSE(tasks.Post("a", [] {}));
  blocker.Go();
}

TEST(ClientTasks, GoesOnAfterATaskThatThrows) {
  bool done = false;
  ClientTasks tasks;
  EXPECT_TRUE(tasks.Post("a", [] { throw std::runtime_error("no"); }));
  EXPECT_TRUE(tasks.Post("a", [&] { done = true; }));
  tasks.Finish();
  EXPECT_TRUE(done);
  EXPECT_FALSE(tasks.Post("a", [] {})) << "it is finished";
}

TEST(ClientTasks, AClientThatPostsItsNextStepLeavesTurnsToOthers) {
  std::vector<std::string> done;
  std::promise<void> ended;
  ClientTasks tasks;
  EXPECT_FALSE(tasks.RunsThisThread());
  std::function<void(int)> step = [&](int left) {
    EXPECT_TRUE(tasks.RunsThisThread());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    done.emplace_back("long");
    const bool is_first = left == 5;
    EXPECT_TRUE(!is_first || tasks.Post("short", [&done] { done.emplace_back("short"); }));
    if (left == 1) return ended.set_value();
    EXPECT_TRUE(tasks.Post("long", [&step, left] { step(left - 1); }));
  };
  ASSERT_TRUE(tasks.Post("long", [&step] { step(5); }));
  ended.get_future().wait();
  tasks.Finish();
  EXPECT_THAT(done, testing::ElementsAre("long", "short", "long", "long", "long", "long"));
}

}  // namespace
}  // namespace winnow
