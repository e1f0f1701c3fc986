#include "store/redis_url.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

RedisAddress Parsed(std::string_view url) {
  const auto address = ParseRedisUrl(url);
  EXPECT_TRUE(address) << url << ": " << (address ? "" : address.error().Text());
  return address.value_or(RedisAddress());
}

TEST(RedisUrl, ContainsAddressUserAndDatabase) {
  EXPECT_EQ(Parsed("redis://cache").Name(), "redis://cache:6379");
  EXPECT_EQ(Parsed("redis://cache/").Name(), "redis://cache:6379");
  EXPECT_EQ(Parsed("redis://cache:1234/7").Name(), "redis://cache:1234/7");
  EXPECT_EQ(Parsed("redis://[::1]:1234").host, "::1");
  EXPECT_EQ(Parsed("redis://[::1]").Name(), "redis://[::1]:6379");
  EXPECT_EQ(Parsed("unix:///run/redis/redis.sock").socket, "/run/redis/redis.sock");
  EXPECT_EQ(Parsed("unix://:secret@/run/r.sock").password, "secret");

  const RedisAddress address = Parsed("redis://winnow:p%40ss:w%2Frd@cache:1/2");
  EXPECT_EQ(address.user, "winnow");
  EXPECT_EQ(address.password, "p@ss:w/rd");
  EXPECT_EQ(address.host, "cache");
  EXPECT_EQ(address.database, 2);
  EXPECT_EQ(address.Name(), "redis://cache:1/2") << "no password";
  EXPECT_EQ(Parsed("redis://:secret@cache").user, "");
}

TEST(RedisUrl, InvalidUrlsAreRefusedWithoutTellingThePassword) {
  for (const char* url : {"",
                          "cache:6379",
                          "http://cache",
                          "redis://",
                          "redis://:1",
                          "redis://cache:",
                          "redis://cache:0",
                          "redis://cache:65536",
                          "redis://cache:12x",
                          "redis://cache:-1",
                          "redis://cache/x",
                          "redis://cache/1/2",
                          "redis://cache/99999999999999",
                          "redis://s3cret@cache",
                          "redis://user:@cache",
                          "redis://:s3cret%4@cache",
                          "redis://:s3cret%zz@cache",
                          "redis://:s3cret%00@cache",
                          "redis://[::1",
                          "redis://[::1]x",
                          "redis://:s3cret@",
                          "redis://cache?db=1",
                          "unix://",
                          "unix:///",
                          "unix://run/redis.sock",
                          "unix://:s3cret@run"}) {
    const auto address = ParseRedisUrl(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument) << url;
    EXPECT_EQ(address.error().Text().find("s3cret"), std::string::npos) << url;
  }
  EXPECT_FALSE(ParseRedisUrl("unix:///" + std::string(200, 'x')));
}

TEST(RedisUrl, TlsHasAScheme) {
  EXPECT_TRUE(Parsed("rediss://:secret@cache:1/2").tls);
  EXPECT_EQ(Parsed("rediss://:secret@cache:1/2").Name(), "rediss://cache:1/2");
  EXPECT_EQ(Parsed("rediss://cache").port, "6379");
  EXPECT_FALSE(Parsed("redis://cache").tls);
  EXPECT_FALSE(Parsed("unix:///run/redis/redis.sock").tls);
}

}  // namespace
}  // namespace winnow
