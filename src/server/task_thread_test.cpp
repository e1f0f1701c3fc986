#include "server/task_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <vector>

namespace winnow {
namespace {

TEST(TaskThread, RunsAllTasksInOrderBeforeItEnds) {
  std::vector<int> done;
  std::promise<void> go;
  {
    TaskThread thread(3);
    std::promise<void> started;
    EXPECT_TRUE(thread.Post([&] {
      started.set_value();
      go.get_future().wait();
    }));
    started.get_future().wait();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(thread.Post([&done, i] { done.push_back(i); }));
    EXPECT_FALSE(thread.Post([] {})) << "three wait already";
    go.set_value();
  }
  EXPECT_THAT(done, testing::ElementsAre(0, 1, 2));
}

TEST(TaskThread, GoesOnAfterATaskThatThrows) {
  bool done = false;
  {
    TaskThread thread;
    EXPECT_TRUE(thread.Post([] { throw std::runtime_error("no"); }));
    EXPECT_TRUE(thread.Post([&] { done = true; }));
    thread.Finish();
    EXPECT_FALSE(thread.Post([] {})) << "it is finished";
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace winnow
