#include "server/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

#include "support/temporary_directory.h"
#include "support/tiny_transformer.h"

namespace winnow {
namespace {

/// A classifier of random weights, and requests to it.
class SchedulerTest : public testing::Test {
 protected:
  /// Nothing is refused because a computation took long, as on a machine that is very busy.
  static constexpr std::chrono::milliseconds kNoLimit{0};

  SchedulerTest() : pool_(1) {
    WriteTinyTransformer(dir_.path());
    classifier_.emplace(BundleClassifier::Load(dir_.path(), pool_).value());
  }

  struct Answer {
    std::shared_ptr<ScheduledTexts> texts;
    std::future<Result<void>> done;
  };

  Answer Request(const std::vector<std::string>& texts, const std::string& client = "") {
    auto scheduled = std::make_shared<ScheduledTexts>();
    const std::vector<InputTextView> views(texts.begin(), texts.end());
    classifier_->scorer().Prepare(views, scheduled->prepared);
    scheduled->client = client;
    auto promise = std::make_shared<std::promise<Result<void>>>();
    scheduled->done = [promise](const Result<void>& result) { promise->set_value(result); };
    return {scheduled, promise->get_future()};
  }

  const TemporaryDirectory dir_;
  ThreadPool pool_;
  std::optional<BundleClassifier> classifier_;
};

std::vector<std::string> Texts(size_t count) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back("win a prize " + std::string(i % 7, 'a'));
  return texts;
}

TEST_F(SchedulerTest, PredictionsDoNotDependOnTheLoad) {
  Scheduler scheduler(*classifier_, {.workers = 2, .max_batch_tokens = 64, .max_wait = kNoLimit});
  std::vector<Answer> answers;
  for (size_t i = 0; i < 50; ++i) answers.push_back(Request(Texts(1 + i % 9), std::to_string(i % 3)));
  for (Answer& answer : answers) ASSERT_TRUE(scheduler.Submit(answer.texts));
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i].done.get());
    const std::vector<std::string> texts = Texts(1 + i % 9);
    const std::vector<InputTextView> views(texts.begin(), texts.end());
    const std::vector<float> expected = classifier_->Probabilities(views).value();
    for (size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(answers[i].texts->probabilities[k], expected[k], 1e-5);
  }
  const SchedulerCounts counts = scheduler.counts();
  EXPECT_EQ(counts.queued, 0u);
  EXPECT_EQ(counts.refused, 0u);
  EXPECT_GE(counts.texts, 50u);
}

TEST_F(SchedulerTest, AFullQueueRefusesWholeRequestsAtOnce) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  Scheduler scheduler(*classifier_, {.workers = 1, .max_queued_texts = 10});
  // The only worker is kept busy by the first request's end.
  Answer first = Request(Texts(1));
  first.texts->done = [started](const Result<void>&) { started.wait(); };
  ASSERT_TRUE(scheduler.Submit(first.texts));
  while (scheduler.counts().texts < 1) std::this_thread::yield();
  Answer fits = Request(Texts(8)), not_all = Request(Texts(3)), small = Request(Texts(2));
  EXPECT_TRUE(scheduler.Submit(fits.texts));
  EXPECT_FALSE(scheduler.Submit(not_all.texts));
  EXPECT_TRUE(scheduler.Submit(small.texts));
  EXPECT_EQ(scheduler.counts().queued, 10u);
  EXPECT_EQ(scheduler.counts().refused, 3u);
  go.set_value();
  EXPECT_TRUE(fits.done.get());
  EXPECT_TRUE(small.done.get());
}

TEST_F(SchedulerTest, AFullQueueHasRoomForFewTextsOfAnotherClient) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  Scheduler scheduler(*classifier_, {.workers = 1, .max_queued_texts = 12});
  Answer first = Request(Texts(1));
  first.texts->done = [started](const Result<void>&) { started.wait(); };
  ASSERT_TRUE(scheduler.Submit(first.texts));
  while (scheduler.counts().texts < 1) std::this_thread::yield();
  Answer all = Request(Texts(20), "one"), more = Request(Texts(1), "one");
  EXPECT_TRUE(scheduler.Submit(all.texts)) << "nothing waits";
  EXPECT_FALSE(scheduler.Submit(more.texts));
  Answer few = Request(Texts(3), "other"), one_more = Request(Texts(1), "other"), third = Request(Texts(2), "third");
  EXPECT_TRUE(scheduler.Submit(few.texts)) << "half of an equal share";
  EXPECT_FALSE(scheduler.Submit(one_more.texts));
  EXPECT_TRUE(scheduler.Submit(third.texts));
  go.set_value();
  for (Answer* answer : {&all, &few, &third}) EXPECT_TRUE(answer->done.get());
}

TEST_F(SchedulerTest, AShortTextDoesNotWaitForTheLargeBatchOfAnotherClient) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  Scheduler scheduler(*classifier_, {.workers = 1});
  size_t count = 1;  // of texts that one batch contains, and that are many tokens
  while (Request(Texts(count)).texts->prepared.tokens.windows.ids.size() < 400) ++count;
  Answer large = Request(Texts(count), "one");
  large.texts->done = [started](const Result<void>&) { started.wait(); };
  ASSERT_TRUE(scheduler.Submit(large.texts));
  while (scheduler.counts().texts < count) std::this_thread::yield();
  Answer again = Request(Texts(count), "one"), other = Request(Texts(1), "other");
  ASSERT_TRUE(scheduler.Submit(again.texts));
  ASSERT_TRUE(scheduler.Submit(other.texts));
  EXPECT_TRUE(other.done.get());
  EXPECT_GE(scheduler.counts().queued, count - 1) << "the worker is still busy";
  go.set_value();
  EXPECT_TRUE(again.done.get());
}

TEST_F(SchedulerTest, TextsThatWouldWaitTooLongAreRefused) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  std::atomic<int> milliseconds = 0;
  const auto now = [&] { return std::chrono::steady_clock::time_point(std::chrono::milliseconds(milliseconds)); };
  Scheduler scheduler(*classifier_, {.workers = 1, .max_wait = std::chrono::milliseconds(10), .now = now});
  // A text that takes the only worker 100 ms, so that texts are known to be slow; then one that keeps it.
  Answer slow = Request(Texts(1)), first = Request(Texts(1));
  slow.texts->done = [&](const Result<void>&) { milliseconds += 100; };
  first.texts->done = [started](const Result<void>&) { started.wait(); };
  ASSERT_TRUE(scheduler.Submit(slow.texts));
  while (scheduler.counts().texts < 1) std::this_thread::yield();
  ASSERT_TRUE(scheduler.Submit(first.texts));
  while (scheduler.counts().texts < 2) std::this_thread::yield();
  Answer late = Request(Texts(1), "one"), other = Request(Texts(3), "other");
  EXPECT_FALSE(scheduler.Submit(late.texts)) << "the text that is being computed counts";
  EXPECT_FALSE(scheduler.Submit(other.texts));
  EXPECT_EQ(scheduler.counts().refused, 4u);
  go.set_value();
}

TEST_F(SchedulerTest, ASingleTextIsComputedByTheSubmittingThreadIfTheQueueIsEmpty) {
  Scheduler scheduler(*classifier_, {.workers = 1, .max_wait = kNoLimit});
  std::vector<std::function<void()>> posted;
  Answer one = Request(Texts(1));
  std::thread::id where;
  one.texts->keep_alive = std::make_shared<int>();
  one.texts->defer = [&](std::function<void()> what) { posted.push_back(std::move(what)); };
  one.texts->done = [&](const Result<void>& computed) {
    EXPECT_TRUE(computed);
    where = std::this_thread::get_id();
  };
  ASSERT_TRUE(scheduler.Submit(one.texts));
  ASSERT_EQ(posted.size(), 1u);
  EXPECT_EQ(scheduler.counts().texts, 0u) << "no worker takes it";
  posted[0]();
  EXPECT_EQ(where, std::this_thread::get_id());

  // Two: the workers have both, and what was posted finds nothing, or a worker at it.
  Answer second = Request(Texts(1)), third = Request(Texts(1));
  second.texts->keep_alive = std::make_shared<int>();
  second.texts->defer = one.texts->defer;
  ASSERT_TRUE(scheduler.Submit(second.texts));
  ASSERT_TRUE(scheduler.Submit(third.texts));
  posted.back()();
  EXPECT_TRUE(second.done.get());
  EXPECT_TRUE(third.done.get());
}

TEST_F(SchedulerTest, WorkersComputeADeferredTextIfItsThreadHasEnded) {
  Scheduler scheduler(*classifier_, {.workers = 1});
  Answer one = Request(Texts(1));
  one.texts->keep_alive = std::make_shared<int>();
  one.texts->defer = [](const std::function<void()>&) {};  // a thread that has ended
  ASSERT_TRUE(scheduler.Submit(one.texts));
  EXPECT_TRUE(one.done.get());
}

TEST_F(SchedulerTest, RequestsOfOneClientTakeTurns) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  std::mutex mutex;
  std::vector<int> order;
  {
    Scheduler scheduler(*classifier_, {.workers = 1, .max_batch_tokens = 1});
    Answer first = Request(Texts(1));
    first.texts->done = [started](const Result<void>&) { started.wait(); };
    ASSERT_TRUE(scheduler.Submit(first.texts));
    while (scheduler.counts().texts < 1) std::this_thread::yield();
    for (const int count : {30, 1}) {
      Answer answer = Request(Texts(static_cast<size_t>(count)), "same");
      answer.texts->done = [&, count](const Result<void>&) {
        const std::lock_guard lock(mutex);
        order.push_back(count);
      };
      ASSERT_TRUE(scheduler.Submit(answer.texts));
    }
    go.set_value();
  }
  EXPECT_EQ(order, (std::vector<int>{1, 30})) << "the single text is not behind the thirty";
}

TEST_F(SchedulerTest, ClientsTakeTurns) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  std::mutex mutex;
  std::vector<std::string> order;
  std::promise<void> all;
  {
    Scheduler scheduler(*classifier_, {.workers = 1, .max_batch_tokens = 1});
    Answer first = Request(Texts(1));
    first.texts->done = [started](const Result<void>&) { started.wait(); };
    ASSERT_TRUE(scheduler.Submit(first.texts));
    while (scheduler.counts().texts < 1) std::this_thread::yield();
    for (int i = 0; i < 20; ++i) {
      Answer one = Request(Texts(1), "many");
      one.texts->done = [&](const Result<void>&) {
        const std::lock_guard lock(mutex);
        order.push_back("many");
      };
      ASSERT_TRUE(scheduler.Submit(one.texts));
    }
    Answer one = Request(Texts(1), "one");
    one.texts->done = [&](const Result<void>&) {
      const std::lock_guard lock(mutex);
      order.push_back("one");
    };
    ASSERT_TRUE(scheduler.Submit(one.texts));
    go.set_value();
  }  // what is queued is computed
  ASSERT_EQ(order.size(), 21u);
  EXPECT_LE(std::ranges::find(order, "one") - order.begin(), 1);
}

TEST_F(SchedulerTest, TextsOfDisconnectedClientsAreNotComputed) {
  Scheduler scheduler(*classifier_, {.workers = 1});
  Answer disconnected = Request(Texts(5));
  disconnected.texts->is_wanted = [] { return false; };
  ASSERT_TRUE(scheduler.Submit(disconnected.texts));
  EXPECT_EQ(disconnected.done.get().error().code, ErrorCode::kCancelled);
  Answer late = Request(Texts(5));
  late.texts->deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  ASSERT_TRUE(scheduler.Submit(late.texts));
  EXPECT_EQ(late.done.get().error().code, ErrorCode::kCancelled);
  EXPECT_EQ(scheduler.counts().dropped, 10u);
  EXPECT_EQ(scheduler.counts().texts, 0u);
}

TEST_F(SchedulerTest, ARequestWithoutTextsIsDoneAtOnce) {
  Scheduler scheduler(*classifier_, {.workers = 1});
  Answer none = Request({});
  ASSERT_TRUE(scheduler.Submit(none.texts));
  EXPECT_TRUE(none.done.get());
}

}  // namespace
}  // namespace winnow
