#include "jobs/job_runner.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "jobs/job_files.h"
#include "support/error_of.h"
#include "support/eventually.h"
#include "support/job_scripts.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST_F(JobRunnerTest, AJobRunsAndItsLogBecomesEvents) {
  const auto runner = Open(Options());
  const Job started = runner
                          ->Start(Script(R"(echo result
      echo '{"time":1,"level":"info","message":"training on 3 texts"}' >&2
      echo '{"time":2,"level":"progress","message":"train","done":5,"total":10,"loss":0.5}' >&2
      echo 'a line of the system' >&2)"))
                          .value();
  EXPECT_EQ(started.state, JobState::kQueued);
  const Job job = WaitFor(*runner, started.id, JobState::kSucceeded);
  EXPECT_EQ(job.exit_code, 0);
  EXPECT_GE(job.ended, job.started);
  EXPECT_THAT(EventTypes(*runner, job.id),
              testing::ElementsAre("state queued", "state running", "log training on 3 texts", "progress",
                                   "log a line of the system", "state succeeded"));
  const std::vector<JobEvent> rest = runner->Events(job.id, 3, 1).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id, 4);
  EXPECT_EQ(rest[0].data["work"].str(), "train");
  EXPECT_EQ(rest[0].data["done"].get<int>(), 5);
  EXPECT_EQ(runner->Output(job.id).value(), "result\n");
}

TEST_F(JobRunnerTest, TheLastErrorOfTheProcessIsThatOfTheJob) {
  const auto runner = Open(Options());
  const auto fails = [&](const std::string& script) {
    return WaitFor(*runner, runner->Start(Script(script)).value().id, JobState::kFailed);
  };
  const Job logged = fails(R"(echo '{"level":"error","message":"sms.csv: no such file"}' >&2; exit 1)");
  EXPECT_EQ(logged.error, "sms.csv: no such file");
  EXPECT_EQ(logged.exit_code, 1);
  EXPECT_THAT(fails("exit 3").error, HasSubstr("exit code 3"));
  EXPECT_THAT(fails("kill -KILL $$").error, HasSubstr("more memory"));
  EXPECT_THAT(fails("kill -SEGV $$").error, HasSubstr("signal 11"));
}

TEST_F(JobRunnerTest, AJobWhoseEventsCannotBeWrittenFailsInItsRecordToo) {
  const auto runner = Open(Options());
  const Job first = runner->Start(Script("sleep 30")).value();
  WaitFor(*runner, first.id, JobState::kRunning);
  const Job job = runner->Start(Script("true")).value();
  const std::filesystem::path events = dir_.path() / "jobs" / job.id / kEventsFile;
  std::filesystem::remove(events);
  std::filesystem::create_directory(events);
  ASSERT_TRUE(runner->Cancel(first.id));
  EXPECT_THAT(WaitFor(*runner, job.id, JobState::kFailed).error, HasSubstr("cannot be written"));
  const std::vector<Job> recorded = ReadJobs(dir_.path() / "jobs").value();
  ASSERT_EQ(recorded.size(), 2u);
  EXPECT_EQ(recorded[1].state, JobState::kFailed);
  EXPECT_GT(recorded[1].ended, 0);
}

TEST_F(JobRunnerTest, FewJobsRunAtATimeAndFewWait) {
  JobRunnerOptions options = Options();
  options.max_queued = 2;
  const auto runner = Open(std::move(options));
  const Job first = runner->Start(Script("sleep 30")).value();
  WaitFor(*runner, first.id, JobState::kRunning);
  const Job second = runner->Start(Script("true")).value();
  const Job third = runner->Start(Script("true")).value();
  EXPECT_EQ(ErrorOf(runner->Start(Script("true"))).code, ErrorCode::kExists);
  EXPECT_EQ(runner->Cancel(third.id).value().state, JobState::kCancelled);
  EXPECT_EQ(runner->Find(second.id)->state, JobState::kQueued);
  EXPECT_TRUE(runner->Cancel(first.id));
  WaitFor(*runner, second.id, JobState::kSucceeded);
  EXPECT_EQ(runner->Find(first.id)->state, JobState::kCancelled);
  EXPECT_EQ(runner->Find(third.id)->runs, 0);
  EXPECT_EQ(ErrorOf(runner->Cancel(second.id)).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(runner->Cancel("none")).code, ErrorCode::kNotFound);
}

TEST_F(JobRunnerTest, ACancelledJobEndsWithAllThatItStarted) {
  const auto runner = Open(Options());
  const std::filesystem::path file = dir_.path() / "child";
  const Job job =
      runner->Start(Script("trap '' TERM; sleep 100 & echo $! > " + file.string() + "; while :; do sleep 1; done"))
          .value();
  pid_t child = 0;
  const auto started = [&] {
    std::string line;
    std::ifstream in(file);
    if (!std::getline(in, line) || in.eof()) return false;  // not yet whole
    child = std::stoi(line);
    return true;
  };
  ASSERT_TRUE(Eventually(started));
  ASSERT_TRUE(runner->Cancel(job.id));
  WaitFor(*runner, job.id, JobState::kCancelled);
  const auto gone = [&] {
    std::ifstream in("/proc/" + std::to_string(child) + "/stat");
    std::string line;
    return !std::getline(in, line) || line.find(") Z ") != std::string::npos;
  };
  EXPECT_TRUE(Eventually(gone));
}

TEST_F(JobRunnerTest, AJobThatTakesTooLongIsEnded) {
  JobRunnerOptions options = Options();
  options.time_limit = std::chrono::seconds(1);
  const auto runner = Open(std::move(options));
  const Job job = WaitFor(*runner, runner->Start(Script("sleep 60")).value().id, JobState::kFailed);
  EXPECT_THAT(job.error, HasSubstr("time limit of 1 s"));
}

TEST_F(JobRunnerTest, TheMemoryOfAJobIsLimited) {
  JobRunnerOptions options = Options();
  options.memory_bytes = 64 << 20;
  const auto runner = Open(std::move(options));
  const Job job = runner->Start(Script("ulimit -d")).value();
  WaitFor(*runner, job.id, JobState::kSucceeded);
  EXPECT_EQ(runner->Output(job.id).value(), "65536\n");
}

TEST_F(JobRunnerTest, StoppingInterruptsAJobWhichCanBeResumed) {
  std::string id;
  {
    const auto runner = Open(Options());
    JobPlan plan = Script("if [ \"$0\" = --resume ]; then echo resumed; else sleep 60; fi");
    plan.resume_arguments = {"--resume"};
    id = runner->Start(plan).value().id;
    WaitFor(*runner, id, JobState::kRunning);
    EXPECT_EQ(ErrorOf(runner->Resume(id)).code, ErrorCode::kInvalidArgument);
  }
  const auto runner = Open(Options());
  EXPECT_EQ(runner->Find(id)->state, JobState::kInterrupted);
  const int64_t before = runner->Events(id, 0, 100).value().back().id;
  ASSERT_TRUE(runner->Resume(id));
  const Job job = WaitFor(*runner, id, JobState::kSucceeded);
  EXPECT_EQ(job.runs, 2);
  EXPECT_EQ(runner->Output(id).value(), "resumed\n");
  EXPECT_GT(runner->Events(id, before, 100).value().size(), 1U);
  EXPECT_EQ(ErrorOf(runner->Resume(id)).code, ErrorCode::kInvalidArgument);
}

TEST_F(JobRunnerTest, WhatAKilledServerLeftIsEndedAndQueuedJobsRun) {
  std::string running, queued;
  pid_t process = 0;
  {
    const auto runner = Open(Options());
    running = runner->Start(Script("sleep 60")).value().id;
    ASSERT_TRUE(Eventually([&] { return (process = static_cast<pid_t>(runner->Find(running)->process)) != 0; }));
    queued = runner->Start(Script("true")).value().id;
    ASSERT_EQ(::kill(process, 0), 0);
    // The files as they are at this moment are those that a killed server leaves.
    std::filesystem::copy(dir_.path() / "jobs", dir_.path() / "left", std::filesystem::copy_options::recursive);
    JobRunnerOptions options = Options();
    options.directory = dir_.path() / "left";
    const auto next = Open(std::move(options));
    EXPECT_EQ(next->Find(running)->state, JobState::kInterrupted);
    WaitFor(*next, queued, JobState::kSucceeded);
  }
  EXPECT_NE(::kill(process, 0), 0) << "the process that was left is ended";
}

TEST_F(JobRunnerTest, TheRecordOfAJobSaysThatItRunsBeforeItDoes) {
  const auto runner = Open(Options());
  const Job job =
      WaitFor(*runner, runner->Start(Script("cat " + (dir_.path() / "jobs/*/job.json").string())).value().id,
              JobState::kSucceeded);
  EXPECT_THAT(runner->Output(job.id).value(), HasSubstr("\"running\""));
}

TEST_F(JobRunnerTest, AJobThatAKilledServerWasAboutToStartIsInterrupted) {
  std::string id;
  {
    const auto runner = Open(Options());
    id = runner->Start(Script("true")).value().id;
    WaitFor(*runner, id, JobState::kSucceeded);
  }
  Job job = ReadJobs(dir_.path() / "jobs").value().at(0);
  job.state = JobState::kRunning;
  job.process = job.process_start = 0;
  ASSERT_TRUE(WriteJob(dir_.path() / "jobs", job));
  const auto runner = Open(Options());
  EXPECT_EQ(runner->Find(id)->state, JobState::kInterrupted);
  ASSERT_TRUE(runner->Resume(id));
  EXPECT_EQ(WaitFor(*runner, id, JobState::kSucceeded).runs, 2);
}

/// Puts a directory in the place of a job's record, which then cannot be written, as on a full disk.
class DirectoryForRecord {
 public:
  explicit DirectoryForRecord(std::filesystem::path record) : record_(std::move(record)) {
    std::filesystem::rename(record_, record_.string() + ".away");
    std::filesystem::create_directory(record_);
  }
  ~DirectoryForRecord() {
    std::filesystem::remove(record_);
    std::filesystem::rename(record_.string() + ".away", record_);
  }

 private:
  const std::filesystem::path record_;
};

TEST_F(JobRunnerTest, AChangeThatCannotBeWrittenLeavesAJobAsItWas) {
  const auto runner = Open(Options());
  const Job failed = WaitFor(*runner, runner->Start(Script("exit 3")).value().id, JobState::kFailed);
  const Job first = runner->Start(Script("sleep 60")).value();
  WaitFor(*runner, first.id, JobState::kRunning);
  const Job queued = runner->Start(Script("true")).value();
  {
    const DirectoryForRecord full(dir_.path() / "jobs" / failed.id / kJobFile);
    EXPECT_EQ(ErrorOf(runner->Resume(failed.id)).code, ErrorCode::kIo);
    EXPECT_EQ(runner->Find(failed.id)->state, JobState::kFailed);
    EXPECT_EQ(runner->Find(failed.id)->error, failed.error);
  }
  {
    const DirectoryForRecord full(dir_.path() / "jobs" / queued.id / kJobFile);
    EXPECT_EQ(ErrorOf(runner->Cancel(queued.id)).code, ErrorCode::kIo);
    EXPECT_EQ(runner->Find(queued.id)->state, JobState::kQueued);
  }
  ASSERT_TRUE(runner->Resume(failed.id));
  ASSERT_TRUE(runner->Cancel(first.id));
  WaitFor(*runner, queued.id, JobState::kSucceeded);
  EXPECT_EQ(WaitFor(*runner, failed.id, JobState::kFailed).runs, 2);
}

TEST_F(JobRunnerTest, AJobWhoseRecordCannotBeWrittenIsNotStarted) {
  const auto runner = Open(Options());
  const Job first = runner->Start(Script("sleep 60")).value();
  WaitFor(*runner, first.id, JobState::kRunning);
  const std::filesystem::path started = dir_.path() / "started";
  const Job job = runner->Start(Script("touch " + started.string())).value();
  const DirectoryForRecord full(dir_.path() / "jobs" / job.id / kJobFile);
  ASSERT_TRUE(runner->Cancel(first.id));
  EXPECT_THAT(WaitFor(*runner, job.id, JobState::kFailed).error, HasSubstr("the record of the job cannot be written"));
  EXPECT_FALSE(std::filesystem::exists(started));
}

TEST_F(JobRunnerTest, AThreadThatCancelsAJobWhileItIsResumedKeepsItFromRunning) {
  const auto runner = Open(Options());
  const std::filesystem::path runs = dir_.path() / "runs";
  const Job job = WaitFor(*runner, runner->Start(Script("echo run >> " + runs.string() + "; exit 3")).value().id,
                          JobState::kFailed);
  const Job first = runner->Start(Script("sleep 60")).value();
  WaitFor(*runner, first.id, JobState::kRunning);
  std::thread canceller;
  std::atomic<bool> cancelled = false;
  const auto listening = runner->Listen([&](const std::string& id, const JobEvent& event) {
    const Json* const state = event.data.Find("state");
    if (id != job.id || state == nullptr || state->str() != "queued") return;
    // The job is queued by its state, but not yet in the queue.
    canceller = std::thread([&] {
      EXPECT_EQ(runner->Cancel(job.id).value().state, JobState::kCancelled);
      cancelled = true;
    });
    for (int i = 0; i < 20 && !cancelled; ++i) std::this_thread::sleep_for(milliseconds(10));
  });
  ASSERT_TRUE(runner->Resume(job.id));
  canceller.join();
  ASSERT_TRUE(runner->Cancel(first.id));
  WaitFor(*runner, runner->Start(Script("true")).value().id, JobState::kSucceeded);
  EXPECT_EQ(runner->Find(job.id)->state, JobState::kCancelled);
  EXPECT_EQ(ReadFile(runs).value(), "run\n");
}

TEST_F(JobRunnerTest, AnUnfinishedEventIsNotRead) {
  std::string id;
  {
    const auto runner = Open(Options());
    id = runner->Start(Script("true")).value().id;
    WaitFor(*runner, id, JobState::kSucceeded);
  }
  const std::filesystem::path file = dir_.path() / "jobs" / id / kEventsFile;
  const std::string whole = ReadFile(file).value();
  std::ofstream(file, std::ios::app) << R"({"type":"log","mess)";
  const std::filesystem::path jobs = dir_.path() / "jobs";
  const size_t count = ReadEvents(jobs, id, 0, 100).value().size();
  {
    JobEventFile events = JobEventFile::Open(jobs, id).value();
    EXPECT_EQ(events.Append({{"type", "log"}, {"message", "next"}}).value().id, static_cast<int64_t>(count) + 1);
  }
  EXPECT_THAT(ReadFile(file).value(), testing::StartsWith(whole + "{\"message\":\"next\""));
  EXPECT_EQ(ReadEvents(jobs, id, 0, 100).value().back().data["message"].str(), "next");
  // Lines that are no events are shown as they are.
  for (const std::string line : {"[1]", "5", "no JSON"}) {
    std::ofstream(file, std::ios::app) << line << '\n';
    const Json data = ReadEvents(jobs, id, 0, 100).value().back().data;
    ASSERT_TRUE(data.is_object()) << line;
    EXPECT_EQ(data["message"].str(), line);
  }
}

TEST_F(JobRunnerTest, TwoServersDoNotShareADirectory) {
  const auto runner = Open(Options());
  EXPECT_EQ(ErrorOf(JobRunner::Open(Options())).code, ErrorCode::kExists);
}

TEST_F(JobRunnerTest, ListsTheNewestFirstByPagesAndRemovesTheOldest) {
  JobRunnerOptions options = Options();
  options.max_kept = 5;
  const auto runner = Open(std::move(options));
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    JobPlan plan = Script("true");
    plan.kind = i % 2 == 0 ? "train" : "evaluate";
    ids.push_back(runner->Start(plan).value().id);
    WaitFor(*runner, ids.back(), JobState::kSucceeded);
  }
  std::vector<std::string> listed;
  for (const Job& job : runner->List({.limit = 3})) listed.push_back(job.id);
  EXPECT_THAT(listed, testing::ElementsAre(ids[7], ids[6], ids[5]));
  const std::vector<Job> next = runner->List({.before_id = ids[5]});
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[0].id, ids[4]);
  EXPECT_EQ(runner->List({.kind = "evaluate"}).size(), 3U);
  EXPECT_FALSE(runner->Find(ids[0]));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "jobs" / ids[0]));
}

TEST_F(JobRunnerTest, WhoReadsTheLastEventFindsTheStateThatItTells) {
  const auto runner = Open(Options());
  for (int i = 0; i < 20; ++i) {
    const std::string id = runner->Start(Script("true")).value().id;
    std::string last;
    while (last != NameOf(JobState::kSucceeded)) last = runner->Events(id, 0, 1000).value().back().data["state"].str();
    EXPECT_EQ(runner->Find(id)->state, JobState::kSucceeded);
  }
}

TEST_F(JobRunnerTest, DamagedRecordsAreSkipped) {
  std::string id;
  {
    const auto runner = Open(Options());
    id = runner->Start(Script("true")).value().id;
    WaitFor(*runner, id, JobState::kSucceeded);
  }
  std::filesystem::create_directories(dir_.path() / "jobs" / "damaged");
  std::ofstream(dir_.path() / "jobs" / "damaged" / kJobFile) << R"({"id": "damaged"})";
  std::filesystem::create_directories(dir_.path() / "jobs" / "other");
  std::ofstream(dir_.path() / "jobs" / "other" / kJobFile) << "{";
  const auto runner = Open(Options());
  EXPECT_EQ(runner->List({}).size(), 1U);
}

}  // namespace
}  // namespace winnow
