#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <new>
#include <thread>

#include "jobs/job_runner.h"
#include "support/eventually.h"
#include "support/job_scripts.h"

namespace winnow {
namespace {

using JobListenersTest = JobRunnerTest;

TEST_F(JobListenersTest, ListenersReceiveEventsUntilTheyAreDestroyed) {
  const auto runner = Open(Options());
  std::atomic<int> events = 0;
  auto listening = runner->Listen([&](const std::string&, const JobEvent&) { ++events; });
  WaitFor(*runner, runner->Start(Script("true")).value().id, JobState::kSucceeded);
  EXPECT_TRUE(Eventually([&] { return events == 3; }));
  listening.reset();
  WaitFor(*runner, runner->Start(Script("true")).value().id, JobState::kSucceeded);
  EXPECT_EQ(events, 3);
}

TEST_F(JobListenersTest, AListenerThatIsDestroyedWhileAThreadCallsItIsLeftFirst) {
  const auto runner = Open(Options());
  std::promise<void> called, go;
  std::atomic<bool> left = false;
  auto listening = runner->Listen([&](const std::string&, const JobEvent& event) {
    const Json* const state = event.data.Find("state");
    if (state == nullptr || state->str() != "running") return;
    called.set_value();
    go.get_future().wait();
    left = true;
  });
  const std::string id = runner->Start(Script("true")).value().id;
  called.get_future().wait();
  std::thread destroyer([&] {
    listening.reset();
    EXPECT_TRUE(left) << "what the listener uses may be destroyed now";
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // in which it would be destroyed most often
  go.set_value();
  destroyer.join();
  WaitFor(*runner, id, JobState::kSucceeded);
}

TEST_F(JobListenersTest, ListenersThatThrowEndNeitherTheThreadNorItsJobs) {
  const auto runner = Open(Options());
  const auto listening = runner->Listen([](const std::string&, const JobEvent&) { throw std::bad_alloc(); });
  for (int i = 0; i < 2; ++i) {
    const Job job = runner->Start(Script("echo a line >&2")).value();
    WaitFor(*runner, job.id, JobState::kSucceeded);
    EXPECT_THAT(EventTypes(*runner, job.id),
                testing::ElementsAre("state queued", "state running", "log a line", "state succeeded"));
  }
}

TEST_F(JobListenersTest, WhoHearsOfAnEventFindsTheStateThatItTells) {
  const auto runner = Open(Options());
  std::atomic<int> events = 0, wrong = 0;
  const auto listening = runner->Listen([&](const std::string& id, const JobEvent& event) {
    const std::optional<Job> job = runner->Find(id);
    if (!job || event.data["state"].str() != NameOf(job->state)) ++wrong;
    ++events;
  });
  WaitFor(*runner, runner->Start(Script("true")).value().id, JobState::kSucceeded);
  EXPECT_TRUE(Eventually([&] { return events == 3; }));
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace winnow
