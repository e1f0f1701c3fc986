#include "store/redis_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>
#include <thread>
#include <vector>

#include "base/random.h"
#include "support/redis_answers.h"
#include "support/redis_server.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

class RedisCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    if (RedisServer::Program().empty()) GTEST_SKIP() << "no redis-server here (Debian: redis-tools)";
  }
};

TEST_F(RedisCacheTest, FindsWhatAnyServerInserted) {
  RedisServer redis;
  redis.Start();
  const auto first = Cache(redis.url());
  const std::string bytes("\0\r\n$-1\r\n\xff", 9);
  EXPECT_TRUE(Put(*first, "key", bytes));
  EXPECT_TRUE(Put(*first, "empty", ""));
  const auto second = Cache(redis.url());
  ASSERT_TRUE(Eventually([&] { return second->available(); }));
  EXPECT_EQ(Ask(*second, "key"), bytes);
  EXPECT_EQ(Ask(*second, "empty"), "");
  EXPECT_EQ(Ask(*second, "other"), std::nullopt);
  const RedisCacheCounts counts = second->counts();
  EXPECT_EQ(counts.hits, 2u);
  EXPECT_EQ(counts.misses, 1u);
  EXPECT_EQ(counts.errors + counts.timeouts + counts.skipped, 0u);
}

TEST_F(RedisCacheTest, ValuesExpire) {
  RedisServer redis;
  redis.Start();
  RedisCacheOptions options = Patient();
  options.ttl = std::chrono::seconds(1);
  const auto cache = Cache(redis.url(), options);
  EXPECT_TRUE(Put(*cache, "key", "value"));
  EXPECT_TRUE(Eventually([&] { return Ask(*cache, "key") == std::nullopt; }));
}

TEST_F(RedisCacheTest, ManyQuestionsAtOnceGetTheirOwnAnswers) {
  RedisServer redis;
  redis.Start();
  const auto cache = Cache(redis.url());
  ASSERT_TRUE(Eventually([&] { return cache->available(); }));
  for (int i = 0; i < 1000; i += 2) cache->Insert("key" + std::to_string(i), std::string(i, 'x') + std::to_string(i));
  ASSERT_TRUE(Eventually([&] { return Ask(*cache, "key998").has_value(); }));
  std::vector<std::future<CacheAnswer>> answers;
  answers.reserve(1000);
  for (int i = 0; i < 1000; ++i) answers.push_back(Asked(*cache, "key" + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) {
    const CacheAnswer right = i % 2 == 0 ? CacheAnswer(std::string(i, 'x') + std::to_string(i)) : std::nullopt;
    EXPECT_EQ(answers[static_cast<size_t>(i)].get(), right) << i;
  }
}

TEST_F(RedisCacheTest, ThreadsGetTheirOwnAnswersWhileRedisComesAndGoes) {
  RedisServer redis;
  redis.Start();
  const auto cache = Cache(redis.url(), Impatient());
  std::atomic<int> hits = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(thread);
      while (!stop) {
        const std::string key = "key" + std::to_string(random.Below(200));
        cache->Insert(key, key + "'s");
        if (const CacheAnswer value = Ask(*cache, key)) {
          EXPECT_EQ(*value, key + "'s");
          ++hits;
        }
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    const int before = hits;
    EXPECT_TRUE(Eventually([&] { return hits > before; }));
    redis.Kill();
    EXPECT_TRUE(Eventually([&] { return !cache->available(); }));
    redis.Start();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(RedisCacheTest, UsesAServerThatComesUpLater) {
  RedisServer redis;
  const auto cache = Cache(redis.url());
  EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
  cache->Insert("key", "value");
  EXPECT_FALSE(cache->available());
  EXPECT_EQ(cache->counts().skipped, 1u);
  EXPECT_EQ(cache->counts().dropped, 1u);
  redis.Start();
  EXPECT_TRUE(Eventually([&] { return cache->available(); }));
  EXPECT_TRUE(Put(*cache, "key", "value"));
}

TEST_F(RedisCacheTest, LogsOnceThatTheServerWentAndOnceThatItIsBack) {
  RedisServer redis;
  redis.Start();
  const auto cache = Cache(redis.url());
  EXPECT_TRUE(Put(*cache, "key", "value"));
  testing::internal::CaptureStderr();
  redis.Kill();
  EXPECT_TRUE(Eventually([&] { return !cache->available(); }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
  const uint64_t errors = cache->counts().errors;
  EXPECT_TRUE(Eventually([&] { return cache->counts().errors > errors + 2; })) << "it is tried again";
  redis.Start();
  EXPECT_TRUE(Put(*cache, "key", "value"));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(log, "is unavailable"), 1u) << log;
  EXPECT_EQ(Count(log, "is available again"), 1u) << log;
}

TEST_F(RedisCacheTest, AServerThatHangsDelaysNobody) {
  RedisServer redis;
  redis.Start();
  const auto cache = Cache(redis.url(), Impatient());
  EXPECT_TRUE(Put(*cache, "key", "value"));
  // Nothing is under way then that could be late already when the server stops, and keep the cache from asking.
  EXPECT_TRUE(Eventually([&] { return Ask(*cache, "key") == "value"; }));
  redis.Signal(SIGSTOP);
  EXPECT_TRUE(Eventually([&] {
    EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
    return cache->counts().skipped > 3 && cache->counts().errors > 1;
  }));
  EXPECT_GE(cache->counts().timeouts, 1u);
  redis.Signal(SIGCONT);
  EXPECT_TRUE(Eventually([&] { return Ask(*cache, "key") == "value"; }));
}

TEST_F(RedisCacheTest, LateRepliesAreNotTakenForThoseOfLaterQuestions) {
  RedisServer redis;
  redis.Start();
  RedisCacheOptions options = Patient();
  options.timeout = std::chrono::milliseconds(20);
  const auto cache = Cache(redis.url(), options);
  EXPECT_TRUE(Put(*cache, "old", "old value"));
  EXPECT_TRUE(Put(*cache, "new", "new value"));
  const uint64_t errors = cache->counts().errors;
  redis.Signal(SIGSTOP);
  std::vector<std::future<CacheAnswer>> given_up;
  given_up.reserve(100);
  for (int i = 0; i < 100; ++i) given_up.push_back(Asked(*cache, "old"));
  for (std::future<CacheAnswer>& answer : given_up) EXPECT_EQ(answer.get(), std::nullopt);
  EXPECT_TRUE(Eventually([&] { return !cache->available(); }));
  redis.Signal(SIGCONT);
  EXPECT_TRUE(Eventually([&] {
    const CacheAnswer answer = Ask(*cache, "new");
    EXPECT_TRUE(!answer || answer == "new value");
    return answer.has_value();
  }));
  EXPECT_EQ(cache->counts().errors, errors) << "it is the same connection";
}

TEST_F(RedisCacheTest, ClosingAnswersTheQuestionsThatWait) {
  RedisServer redis;
  redis.Start();
  auto cache = Cache(redis.url());
  EXPECT_TRUE(Put(*cache, "key", "value"));
  redis.Signal(SIGSTOP);
  std::future<CacheAnswer> answer = Asked(*cache, "key");
  cache.reset();
  EXPECT_EQ(answer.get(), std::nullopt);
}

TEST_F(RedisCacheTest, GoesOnAfterAnExceptionOfWhoAsked) {
  RedisServer redis;
  redis.Start();
  const auto cache = Cache(redis.url());
  EXPECT_TRUE(Put(*cache, "key", "value"));
  ASSERT_TRUE(cache->available());
  cache->Find("key", [](const CacheAnswer&) { throw std::bad_alloc(); });
  EXPECT_EQ(Ask(*cache, "key"), "value");
  EXPECT_EQ(cache->counts().errors, 0u) << "it is the same connection";
}

TEST_F(RedisCacheTest, QueuesAreBounded) {
  RedisServer redis;
  redis.Start();
  RedisCacheOptions options = Patient();
  options.max_queued = 10;
  options.max_queued_bytes = 4 << 20;
  const auto cache = Cache(redis.url(), options);
  EXPECT_TRUE(Put(*cache, "key", "value"));
  const uint64_t dropped = cache->counts().dropped;
  cache->Insert("large", std::string(options.max_value_bytes + 1, 'x'));
  EXPECT_EQ(cache->counts().dropped, dropped + 1);
  redis.Signal(SIGSTOP);
  std::vector<std::future<CacheAnswer>> answers;
  EXPECT_TRUE(Eventually([&] {
    for (int i = 0; i < 1000; ++i) cache->Insert("key", std::string(60000, 'x'));
    for (int i = 0; i < 1000; ++i) answers.push_back(Asked(*cache, "key"));
    return cache->counts().dropped > dropped + 1000 && cache->counts().skipped > 1000;
  }));
  redis.Signal(SIGCONT);
  for (std::future<CacheAnswer>& answer : answers) answer.get();
}

TEST_F(RedisCacheTest, LogsInAndChoosesItsDatabase) {
  RedisServer redis;
  redis.UsePort();
  redis.Start({"--requirepass", "s3 cret"});
  const std::string host = "localhost:" + std::to_string(redis.port());
  testing::internal::CaptureStderr();
  const auto right = Cache("redis://:s3%20cret@" + host + "/3"), named = Cache("redis://default:s3%20cret@" + host),
             wrong = Cache("redis://:s4cret@" + host), none = Cache("redis://" + host);
  EXPECT_TRUE(Put(*right, "key", "value"));
  EXPECT_TRUE(Eventually([&] { return named->available(); }));
  EXPECT_EQ(Ask(*named, "key"), std::nullopt) << "another database";
  EXPECT_TRUE(Eventually([&] { return wrong->counts().errors > 2 && none->counts().errors > 2; }));
  EXPECT_FALSE(wrong->available());
  EXPECT_FALSE(none->available());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("NOAUTH"));
  EXPECT_THAT(log, Not(HasSubstr("cret")));
}

TEST_F(RedisCacheTest, AServerThatRefusesValuesIsStillRead) {
  RedisServer redis;
  redis.Start({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  testing::internal::CaptureStderr();
  const auto cache = Cache(redis.url());
  EXPECT_TRUE(Eventually([&] { return cache->available(); }));
  cache->Insert("key", "value");
  cache->Insert("key", "value");
  EXPECT_TRUE(Eventually([&] { return cache->counts().errors >= 2; }));
  EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
  EXPECT_EQ(cache->counts().misses, 1u);
  EXPECT_EQ(Count(testing::internal::GetCapturedStderr(), "does not store predictions"), 1u);
}

TEST_F(RedisCacheTest, OnlyValuesWithTheRightMacAreFound) {
  RedisServer redis;
  redis.Start();
  RedisCacheOptions options = Patient();
  options.mac_key = std::string(32, 'k');
  const auto signing = Cache(redis.url(), options);
  const auto forger = Cache(redis.url());
  ASSERT_TRUE(Eventually([&] { return forger->available(); }));
  ASSERT_TRUE(Put(*signing, "one", "value"));
  ASSERT_TRUE(Put(*signing, "empty", ""));
  const std::string stored = Ask(*forger, "one").value();
  EXPECT_EQ(stored.size(), 5u + 32u);
  const uint64_t rejected = signing->counts().rejected, misses = signing->counts().misses;

  testing::internal::CaptureStderr();
  std::string flipped = stored, other_mac = stored;
  flipped[0] = static_cast<char>(flipped[0] ^ 1);
  other_mac.back() = static_cast<char>(other_mac.back() ^ 1);
  const std::vector<std::string> forged = {"value", "", flipped, other_mac, stored + "x", stored.substr(1)};
  for (const std::string& value : forged) {
    ASSERT_TRUE(Put(*forger, "one", value));
    EXPECT_EQ(Ask(*signing, "one"), std::nullopt);
  }
  // A value that was moved to another Redis key, even if what is authenticated reads the same in one row.
  for (const char* key : {"two", "on", "onev"}) {
    ASSERT_TRUE(Put(*forger, key, stored));
    EXPECT_EQ(Ask(*signing, key), std::nullopt) << key;
  }
  const RedisCacheCounts counts = signing->counts();
  EXPECT_EQ(counts.rejected - rejected, forged.size() + 3);
  EXPECT_EQ(counts.misses - misses, forged.size() + 3);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(log, "--redis-mac-key-file"), 1u) << log;

  options.mac_key.back() = 'x';
  const auto stranger = Cache(redis.url(), options);
  ASSERT_TRUE(Put(*forger, "one", stored));
  EXPECT_EQ(Ask(*signing, "one"), "value");
  ASSERT_TRUE(Eventually([&] { return stranger->available(); }));
  EXPECT_EQ(Ask(*stranger, "one"), std::nullopt);
}

}  // namespace
}  // namespace winnow
