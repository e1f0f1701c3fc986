// The cache in Redis with servers that say what no Redis would, or that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <string>
#include <vector>

#include "support/fake_redis.h"
#include "support/held_port.h"
#include "support/redis_answers.h"

namespace winnow {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kNonsense = {
    "",
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "\r\n",
    std::string(1000, '\0'),
    std::string(1000, '\xff'),
    "*1000000000\r\n",
    "*9223372036854775807\r\n",
    "*99999999999999999999999\r\n",
    "*-7\r\n",
    "*-1\r\n",
    "*0\r\n",
    "*2\r\n$-1\r\n$-1\r\n",
    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n$-1\r\n",
    "*1\r\n*64\r\n*64\r\n",
    "*1\r\n$-5\r\n",
    "*1\r\n$99999999999999999999\r\n",
    "*1\r\n$3\r\nabcdef\r\n",
    "*1\r\n$-1\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
    "+OK\r\n",
    ":1\r\n",
    "$5\r\nvalue\r\n",
    "-ERR no\r\n",
    "%1\r\n+a\r\n,1.5\r\n",
    "#t\r\n",
    ",1.5\r\n",
};

TEST(RedisCache, InvalidRepliesAreNotAnswers) {
  for (const std::string& nonsense : kNonsense) {
    const FakeRedis fake({nonsense});
    const auto cache = Cache(fake.url(), Impatient());
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
      return fake.connections() > 2;
    })) << nonsense;
  }
}

TEST(RedisCache, InvalidRepliesAfterValidOnesAreNotAnswers) {
  for (const std::string& nonsense : kNonsense) {
    const FakeRedis fake({"*1\r\n$-1\r\n", nonsense});
    const auto cache = Cache(fake.url(), Impatient());
    EXPECT_TRUE(Eventually([&] {
      const CacheAnswer answer = Ask(*cache, "key");
      EXPECT_TRUE(!answer || answer == "abc") << *answer;  // a whole reply with rubbish behind it
      return fake.connections() > 2;
    })) << nonsense;
  }
}

TEST(RedisCache, EndlessRepliesAreCutOff) {
  for (const char* begin : {"+", "*1\r\n$9223372036854775807\r\n", "*1\r\n$2000000000\r\n", "$2000000000\r\n"}) {
    const FakeRedis fake({"*1\r\n$-1\r\n", begin}, true);
    RedisCacheOptions options = Patient();
    options.max_value_bytes = 1000;
    const auto cache = Cache(fake.url(), options);
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
      return fake.connections() > 2;
    })) << begin;
  }
}

TEST(RedisCache, LeavesAReplicaForTheServerThatItsNameStandsForLater) {
  const FakeRedis fake({"*1\r\n$-1\r\n", "-READONLY You can't write against a read only replica.\r\n"});
  RedisCacheOptions options = Patient();
  options.first_replica_time = options.longest_replica_time = std::chrono::milliseconds(10);
  testing::internal::CaptureStderr();
  {
    const auto cache = Cache(fake.url(), options);
    EXPECT_TRUE(Eventually([&] {
      cache->Insert("key", "value");
      return fake.connections() >= 4;
    }));
    EXPECT_TRUE(Eventually([&] { return cache->available(); }));
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(log, "does not store predictions"), 1u) << log;
  EXPECT_EQ(Count(log, "unavailable"), 0u) << log;
}

TEST(RedisCache, OpensThoughTheServerCannotBeReached) {
  for (const char* url : {"unix:///nowhere/redis.sock", "redis://127.0.0.1:1", "redis://name.invalid"}) {
    const auto cache = Cache(url);
    EXPECT_EQ(Ask(*cache, "key"), std::nullopt);
    EXPECT_FALSE(cache->available());
  }
}

TEST(RedisCache, AHostNameThatCannotBeLookedUpIsAFailureLikeAnyOther) {
  const HeldPort port;
  const auto cache = Cache("redis://localhost:" + std::to_string(port.number()), Impatient());
  const auto fails_again = [&] {
    const uint64_t before = cache->counts().errors;
    return Eventually([&] { return cache->counts().errors > before + 1; });
  };
  EXPECT_TRUE(fails_again());
  pthread_attr_t usual, huge;
  ASSERT_EQ(::pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(::pthread_attr_init(&huge), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&huge, size_t{1} << 60), 0);  // more than there are addresses
  ASSERT_EQ(::pthread_setattr_default_np(&huge), 0);
  EXPECT_TRUE(fails_again());
  ASSERT_EQ(::pthread_setattr_default_np(&usual), 0);
  ::pthread_attr_destroy(&huge);
  EXPECT_TRUE(fails_again());
}

TEST(RedisCache, RefusesInvalidUrlsAndFiles) {
  EXPECT_EQ(RedisCache::Open("http://cache").error().code, ErrorCode::kInvalidArgument);
  RedisCacheOptions options;
  options.tls.authorities = "/nowhere/ca.pem";
  EXPECT_EQ(RedisCache::Open("rediss://127.0.0.1:1", options).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RedisCache::Open("redis://127.0.0.1:1", options).error().code, ErrorCode::kInvalidArgument);
  options.tls.authorities = "/dev/zero";
  EXPECT_EQ(RedisCache::Open("rediss://127.0.0.1:1", options).error().code, ErrorCode::kIo);
}

TEST(RedisCache, WhatDoesNotSpeakTlsIsUnavailable) {
  const FakeRedis fake({"+OK\r\n"});
  testing::internal::CaptureStderr();
  {
    const auto cache = Cache("rediss" + fake.url().substr(5), Impatient());
    EXPECT_TRUE(Eventually([&] { return cache->counts().errors > 1; }));
    EXPECT_FALSE(cache->available());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("TLS: "));
}

}  // namespace
}  // namespace winnow
