/// Use of the cache in Redis by tests: whose answers come on a thread of the cache, from a server that may be slow.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/redis_cache.h"
#include "support/eventually.h"

namespace winnow {

/// For tests that want answers, so that a slow machine passes.
inline RedisCacheOptions Patient() {
  RedisCacheOptions options;
  options.timeout = std::chrono::seconds(20);
  options.connect_timeout = std::chrono::seconds(20);
  options.first_pause = std::chrono::milliseconds(5);
  options.longest_pause = std::chrono::milliseconds(50);
  return options;
}

/// For tests that want no answers.
inline RedisCacheOptions Impatient() {
  RedisCacheOptions options = Patient();
  options.timeout = std::chrono::milliseconds(20);
  options.connect_timeout = std::chrono::milliseconds(200);
  return options;
}

inline std::unique_ptr<RedisCache> Cache(const std::string& url, const RedisCacheOptions& options = Patient()) {
  return RedisCache::Open(url, options).value();
}

/// A value of the cache; nothing if it has none.
using CacheAnswer = std::optional<std::string>;

/// Begins a look-up.
inline std::future<CacheAnswer> Asked(RedisCache& cache, const std::string& key) {
  auto promise = std::make_shared<std::promise<CacheAnswer>>();
  cache.Find(key, [promise](CacheAnswer value) { promise->set_value(std::move(value)); });
  return promise->get_future();
}

/// Looks a key up. Fails the test if the cache gives no answer at all.
inline CacheAnswer Ask(RedisCache& cache, const std::string& key) {
  std::future<CacheAnswer> answer = Asked(cache, key);
  if (answer.wait_for(std::chrono::minutes(2)) != std::future_status::ready) {
    ADD_FAILURE() << "no answer";
    return std::nullopt;
  }
  return answer.get();
}

/// Inserts a value again and again until the cache has it.
inline bool Put(RedisCache& cache, const std::string& key, const std::string& value) {
  return Eventually([&] {
    cache.Insert(key, value);
    return Ask(cache, key) == value;
  });
}

/// Returns how often `part` is in the text.
inline size_t Count(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace winnow
