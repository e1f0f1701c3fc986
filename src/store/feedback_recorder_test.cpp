#include "store/feedback_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <new>
#include <thread>

#include "base/files.h"
#include "base/random.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;

FeedbackEvent Event(const std::string& text) {
  FeedbackEvent event;
  event.idempotency_key = event.text = text;
  event.is_spam = true;
  event.feedback_type = "user_rejection";
  return event;
}

constexpr std::chrono::minutes kLongest(5);  // for what is certain to come, so that a slow machine passes

FeedbackRecorderOptions OptionsIn(const std::filesystem::path& directory) {
  FeedbackRecorderOptions options;
  options.store.url = (directory / "store.db").string();
  options.store.limits = kPatientLimits;
  options.spool = directory / "spool";
  options.patience = kLongest;
  options.longest_pause = std::chrono::milliseconds(50);
  return options;
}

/// The number of times that each text is in the store.
std::map<std::string, int> TextsIn(Store& store) {
  std::map<std::string, int> counts;
  FeedbackFilter filter;
  filter.limit = 1000;
  while (true) {
    const auto page = store.ListFeedback(filter).value();
    for (const StoredFeedback& stored : page) ++counts[stored.event.text];
    if (page.empty()) return counts;
    filter.after_id = page.back().id;
  }
}

TEST(FeedbackRecorder, StoresFeedbackAtOnceIfTheStoreIsUp) {
  const TemporaryDirectory directory;
  const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
  EXPECT_EQ(recorder->Add(Event("a")).value(), FeedbackOutcome::kStored);
  EXPECT_EQ(recorder->Add(Event("a")).value(), FeedbackOutcome::kDuplicate);
  FeedbackEvent without_key = Event("b");
  without_key.idempotency_key.clear();
  EXPECT_EQ(recorder->Add(without_key).value(), FeedbackOutcome::kStored);
  EXPECT_EQ(recorder->store()->CountFeedback({}).value(), 2);
  EXPECT_EQ(recorder->counts().spooled, 0u);
}

TEST(FeedbackRecorder, KeepsFeedbackWhileTheStoreIsDownAndDeliversItThen) {
  const TemporaryDirectory directory;
  std::atomic<bool> up = false;
  std::vector<std::string> reports;
  FeedbackRecorderOptions options = OptionsIn(directory.path());
  options.open = [&](const StoreOptions& store) -> Result<std::unique_ptr<Store>> {
    if (!up) return Fail(ErrorCode::kNetwork, "the server is away");
    return Store::Open(store);
  };
  Mutex mutex;
  options.report = [&](const std::string& line) {
    const MutexLock lock(mutex);
    reports.push_back(line);
  };
  {
    const auto recorder = FeedbackRecorder::Open(options).value();
    EXPECT_EQ(recorder->Add(Event("before a restart")).value(), FeedbackOutcome::kSpooled);
  }
  const auto recorder = FeedbackRecorder::Open(options).value();
  FeedbackEvent event = Event(std::string("zero\0 and \xff", 11));
  event.idempotency_key = "k";
  EXPECT_EQ(recorder->Add(event).value(), FeedbackOutcome::kSpooled);
  EXPECT_EQ(recorder->Add(event).value(), FeedbackOutcome::kSpooled);
  event.text = "another text with the key";
  EXPECT_EQ(recorder->Add(event).value(), FeedbackOutcome::kSpooled);
  EXPECT_EQ(ErrorOf(recorder->Add(FeedbackEvent{.text = "no type"})).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(recorder->store(), nullptr);
  up = true;
  ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
  EXPECT_EQ(TextsIn(*recorder->store()),
            (std::map<std::string, int>{{"before a restart", 1}, {"zero\uFFFD and \uFFFD", 1}}));
  EXPECT_EQ(recorder->counts().rejected, 1u);
  EXPECT_THAT(ReadFile(directory.path() / "spool" / "rejected.jsonl").value(), HasSubstr("another text with the key"));
  EXPECT_EQ(recorder->Add(Event("direct")).value(), FeedbackOutcome::kStored);
  const MutexLock lock(mutex);
  EXPECT_THAT(reports, testing::Contains(HasSubstr("the server is away")));
  EXPECT_THAT(reports, testing::Contains(HasSubstr("available again")));
}

TEST(FeedbackRecorder, ItsThreadGoesOnAfterAnException) {
  const TemporaryDirectory directory;
  FeedbackRecorderOptions options = OptionsIn(directory.path());
  std::atomic<int> calls = 0;
  options.open = [&](const StoreOptions& store) -> Result<std::unique_ptr<Store>> {
    if (++calls == 1) return Fail(ErrorCode::kNetwork, "the server is away");
    if (calls == 2) throw std::bad_alloc();
    return Store::Open(store);
  };
  const auto recorder = FeedbackRecorder::Open(options).value();
  EXPECT_TRUE(recorder->Add(Event("a")));
  ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
  EXPECT_EQ(TextsIn(*recorder->store()), (std::map<std::string, int>{{"a", 1}}));
  EXPECT_EQ(calls, 3);
}

TEST(FeedbackRecorder, WaitsForAStoreThatMayNotBeWrittenInsteadOfRejectingFeedback) {
  const TemporaryDirectory directory;
  const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
  const auto other = OpenSqlConnection(ParseStoreUrl(OptionsIn(directory.path()).store.url).value(), {}).value();
  ASSERT_TRUE(other->Execute("ALTER TABLE spam_feedback RENAME TO elsewhere"));
  EXPECT_EQ(recorder->Add(Event("a")).value(), FeedbackOutcome::kSpooled);
  EXPECT_FALSE(recorder->WaitUntilDelivered(std::chrono::milliseconds(300)));
  ASSERT_TRUE(other->Execute("ALTER TABLE elsewhere RENAME TO spam_feedback"));
  EXPECT_TRUE(recorder->WaitUntilDelivered(kLongest));
  EXPECT_EQ(TextsIn(*recorder->store()), (std::map<std::string, int>{{"a", 1}}));
  EXPECT_EQ(recorder->counts().rejected, 0u);
}

TEST(FeedbackRecorder, RefusesToStartOnAStoreOfANewerProgram) {
  const TemporaryDirectory directory;
  FeedbackRecorderOptions options = OptionsIn(directory.path());
  options.open = [](const StoreOptions&) -> Result<std::unique_ptr<Store>> {
    return Fail(ErrorCode::kUnsupported, "newer");
  };
  EXPECT_EQ(ErrorOf(FeedbackRecorder::Open(options)).code, ErrorCode::kUnsupported);
}

/// Adds events from several threads until it is killed, and writes the text of each that was acknowledged to the pipe.
/// At first the store cannot be opened, so that the spool fills and is delivered while others are added.
[[noreturn]] void AddUntilKilled(const std::filesystem::path& directory, int round, int pipe) {
  FeedbackRecorderOptions options = OptionsIn(directory);
  options.spool_limits.segment_bytes = 4000;
  const auto start = std::chrono::steady_clock::now();
  const auto down = std::chrono::milliseconds(round % 3 * 40);
  options.open = [=](const StoreOptions& store) -> Result<std::unique_ptr<Store>> {
    if (std::chrono::steady_clock::now() - start < down) return Fail(ErrorCode::kNetwork, "down");
    return Store::Open(store);
  };
  const auto recorder = FeedbackRecorder::Open(options).value();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0;; ++i) {
        const std::string text = std::to_string(round) + "." + std::to_string(thread) + "." + std::to_string(i);
        if (!recorder->Add(Event(text))) ::_exit(3);
        const std::string line = text + "\n";
        if (::write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(5);
}

/// Appends what comes through the pipe, until there are so many lines or its other end is closed.
void ReadLines(int pipe, ptrdiff_t most, std::string& all) {
  std::string text(1 << 16, '\0');
  while (std::ranges::count(all, '\n') < most) {
    const ssize_t count = ::read(pipe, text.data(), text.size());
    if (count <= 0) return;
    all.append(text, 0, static_cast<size_t>(count));
  }
}

TEST(FeedbackRecorder, LosesAndRepeatsNothingWhenItIsKilledAtAnyMoment) {
  const TemporaryDirectory directory;
  Random random(1, "kill");
  std::map<std::string, int> acknowledged;
  for (int round = 0; round < 50; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) AddUntilKilled(directory.path(), round, ends[1]);
    ::close(ends[1]);
    std::string all;
    ReadLines(ends[0], round % 10, all);  // at any moment, but not always before it has begun on a slow machine
    ::usleep(random.Below(180000));
    ::kill(child, SIGKILL);
    ReadLines(ends[0], PTRDIFF_MAX, all);
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    for (size_t begin = 0, end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1)
      acknowledged[all.substr(begin, end - begin)] = 1;
  }
  const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
  ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
  std::map<std::string, int> stored = TextsIn(*recorder->store());
  EXPECT_GE(acknowledged.size(), 225u);
  for (const auto& [text, count] : stored) EXPECT_EQ(count, 1) << text;
  for (const auto& [text, count] : acknowledged) EXPECT_TRUE(stored.contains(text)) << text;
  EXPECT_EQ(recorder->counts().rejected, 0u);
}

/// In a process of its own, since the limit on the size of files holds for all files.
TEST(FeedbackRecorder, AFullDiskIsAClearErrorAndLosesNothing) {
  const TemporaryDirectory directory;
  const auto in_child = [&](int pipe) {
    const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400000, 400000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 1000; ++i) {
      FeedbackEvent event = Event(std::to_string(i));
      event.message_id = std::string(1000, 'x');
      event.model_version = event.user_id = event.message_id;
      const auto added = recorder->Add(event);
      if (!added) return added.error().hint.find("free disk space") != std::string::npos ? 0 : 2;
      if (::write(pipe, &i, sizeof i) != sizeof i) return 3;
    }
    return 4;
  };
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(in_child(ends[1]));
  ::close(ends[1]);
  int number = 0, acknowledged = 0;
  while (::read(ends[0], &number, sizeof number) == sizeof number) ++acknowledged;
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
  ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
  const auto stored = TextsIn(*recorder->store());
  EXPECT_GT(acknowledged, 20);
  for (int i = 0; i < acknowledged; ++i) EXPECT_TRUE(stored.contains(std::to_string(i))) << i;
}

/// In a process of its own, likewise.
TEST(FeedbackRecorder, AStoreOnAFullDiskIsDownUntilItTakesWritesAgain) {
  const TemporaryDirectory directory;
  const auto in_child = [&] {
    const auto recorder = FeedbackRecorder::Open(OptionsIn(directory.path())).value();
    if (recorder->Add(Event("before")).value() != FeedbackOutcome::kStored) return 1;
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{0, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (recorder->Add(Event("refused"))) return 2;
    for (int looks = 0; looks < 300; ++looks, ::usleep(2000)) {
      if (recorder->counts().up) return 3;
    }
    if (recorder->counts().refused != 1) return 4;
    limit.rlim_cur = RLIM_INFINITY;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int looks = 0; looks < 60000 && !recorder->counts().up; ++looks) ::usleep(2000);
    if (!recorder->counts().up) return 6;
    return recorder->Add(Event("after")) ? 0 : 5;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(in_child());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(WIFEXITED(status));
}

TEST(FeedbackRecorder, APostgresServerThatStopsAndStartsThreadLosesNothing) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  const TemporaryDirectory directory;
  PostgresServer server;
  FeedbackRecorderOptions options = OptionsIn(directory.path());
  options.store.url = server.url();
  const auto recorder = FeedbackRecorder::Open(options).value();
  std::atomic<bool> stop = false;
  std::vector<std::vector<std::string>> acknowledged(3);
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < acknowledged.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; !stop; ++i) {
        const std::string text = std::to_string(thread) + "." + std::to_string(i);
        const auto added = recorder->Add(Event(text));
        ASSERT_TRUE(added) << added.error().Text();
        acknowledged[thread].push_back(text);
        ::usleep(500);
      }
    });
  }
  const auto grows = [&](const auto& count) {
    const uint64_t before = count(recorder->counts());
    const auto until = std::chrono::steady_clock::now() + kLongest;
    while (count(recorder->counts()) <= before && std::chrono::steady_clock::now() < until) ::usleep(1000);
    EXPECT_GT(count(recorder->counts()), before);
  };
  const auto in_store = [](const FeedbackRecorder::Counts& counts) { return counts.stored + counts.delivered; };
  const auto in_spool = [](const FeedbackRecorder::Counts& counts) { return counts.spooled; };
  for (const int signal : {SIGINT, SIGQUIT}) {
    grows(in_store);
    server.Stop(signal);
    grows(in_spool);
    server.Start();
  }
  grows(in_store);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
  const auto stored = TextsIn(*recorder->store());
  size_t count = 0;
  for (const auto& texts : acknowledged) {
    count += texts.size();
    for (const std::string& text : texts) EXPECT_TRUE(stored.contains(text)) << text;
  }
  EXPECT_EQ(stored.size(), count);
  for (const auto& [text, times] : stored) EXPECT_EQ(times, 1) << text;
}

TEST(FeedbackRecorder, APostgresServerThatHangsDelaysAnEventByThePatienceAtMost) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  const TemporaryDirectory directory;
  PostgresServer server;
  FeedbackRecorderOptions options = OptionsIn(directory.path());
  options.store.url = server.url();
  options.patience = std::chrono::milliseconds(200);
  {
    const auto recorder = FeedbackRecorder::Open(options).value();
    const auto holder = OpenSqlConnection(ParseStoreUrl(server.url()).value(), kPatientLimits).value();
    ASSERT_TRUE(holder->Execute("BEGIN"));
    ASSERT_TRUE(holder->Execute("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE"));
    ASSERT_TRUE(recorder->counts().up);
    EXPECT_EQ(recorder->Add(Event("meanwhile")).value(), FeedbackOutcome::kSpooled) << "a statement may wait for hours";
    EXPECT_FALSE(recorder->counts().up);
    ASSERT_TRUE(holder->Rollback());
    ASSERT_TRUE(recorder->WaitUntilDelivered(kLongest));
    EXPECT_EQ(TextsIn(*recorder->store()), (std::map<std::string, int>{{"meanwhile", 1}}));
    ASSERT_TRUE(holder->Execute("BEGIN"));
    ASSERT_TRUE(holder->Execute("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE"));
    EXPECT_EQ(recorder->Add(Event("at the end")).value(), FeedbackOutcome::kSpooled);
  }
}

}  // namespace
}  // namespace winnow
