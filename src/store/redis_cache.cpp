#include "store/redis_cache.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "base/background_step.h"
#include "base/log.h"
#include "base/secret.h"

namespace winnow {
namespace {

constexpr size_t kMostKeys = 64;       // of an MGET
constexpr size_t kMostCommands = 256;  // under way
constexpr size_t kMostUnwritten = 1 << 18;
constexpr size_t kMacBytes = 32;
constexpr size_t kReplyOverhead = 64;  // bytes of a value's message authentication code and of what frames it

/// For poll: rounded up, so that it doesn't wake before the time.
int Milliseconds(std::chrono::steady_clock::duration time) {
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<int>(std::clamp<int64_t>(rounded, 0, 60000));
}

/// The message authentication code of a value under its Redis key, so that it is wrong under any other Redis key. The
/// length tells where the Redis key ends.
std::string MacOf(std::string_view secret, std::string_view key, std::string_view value) {
  return HmacSha256(secret, fmt::format("{}:{}{}", key.size(), key, value));
}

/// Removes the message authentication code from the end of a value; returns false if it is not the right one.
bool TakeMac(std::string_view secret, std::string_view key, std::string& value) {
  if (value.size() < kMacBytes) return false;
  const std::string mac = value.substr(value.size() - kMacBytes);
  value.resize(value.size() - kMacBytes);
  return ConstantTimeEqual(MacOf(secret, key, value), mac);
}

/// Answers a question on the cache's thread, which goes on whatever happens then.
void Tell(const RedisCache::Done& done, std::optional<std::string> value) {
  RunBackgroundStep("predictions in Redis", [&] { done(std::move(value)); });
}

}  // namespace

Result<std::unique_ptr<RedisCache>> RedisCache::Open(std::string_view url, const RedisCacheOptions& options) {
  RedisAddress address = TRY(ParseRedisUrl(url));
  const RedisTlsFiles& files = options.tls;
  if (address.tls) {
    TRY(CheckRedisTlsFiles(files));
  } else if (!files.authorities.empty() || !files.certificate.empty() || !files.key.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "files for TLS to Redis require a URL that begins with rediss://",
                "write --redis rediss://host:port, or leave out --redis-tls-ca, --redis-tls-cert and --redis-tls-key");
  }
  std::unique_ptr<RedisCache> cache(new RedisCache(std::move(address), options));
  cache->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (cache->wake_ < 0) return Fail(ErrorCode::kIo, fmt::format("cannot create an eventfd: {}", std::strerror(errno)));
  try {
    cache->thread_ = std::thread([raw = cache.get()] { raw->Run(); });
  } catch (const std::system_error& error) {
    return Fail(ErrorCode::kIo, fmt::format("cannot start a thread for Redis: {}", error.what()));
  }
  return cache;
}

RedisCache::RedisCache(RedisAddress address, const RedisCacheOptions& options)
    : address_(std::move(address)),
      options_(options),
      connection_((options.max_value_bytes + kReplyOverhead) * kMostKeys, kMostKeys, options.tls),
      replica_time_(options.first_replica_time) {}

RedisCache::~RedisCache() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    Wake();
  }
  if (thread_.joinable()) thread_.join();
  if (wake_ >= 0) ::close(wake_);
}

void RedisCache::Find(std::string key, Done done) {
  {
    const MutexLock lock(mutex_);
    if (ready_ && questions_.size() < options_.max_queued) {
      questions_.push_back({std::move(key), std::move(done), Clock::now() + options_.timeout});
      Wake();
      return;
    }
    ++counts_.skipped;
  }
  done(std::nullopt);
}

void RedisCache::Insert(std::string key, std::string value) {
  const bool fits = value.size() <= options_.max_value_bytes;
  if (fits && !options_.mac_key.empty()) value += MacOf(options_.mac_key, key, value);
  const size_t bytes = key.size() + value.size();
  const MutexLock lock(mutex_);
  if (!ready_ || !fits || values_.size() >= options_.max_queued || value_bytes_ + bytes > options_.max_queued_bytes) {
    ++counts_.dropped;
    return;
  }
  values_.push_back({std::move(key), std::move(value)});
  value_bytes_ += bytes;
  Wake();
}

bool RedisCache::available() const {
  const MutexLock lock(mutex_);
  return ready_;
}

RedisCacheCounts RedisCache::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

bool RedisCache::stopping() const {
  const MutexLock lock(mutex_);
  return stopping_;
}

void RedisCache::SetReady(bool ready) {
  const MutexLock lock(mutex_);
  ready_ = ready;
}

void RedisCache::Wake() {
  if (std::exchange(woken_, true)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      ::write(wake_, &one, sizeof one);  // can't fail: it is read before it is full
}

void RedisCache::Run() {
  bool away = false;
  std::chrono::milliseconds pause = options_.first_pause;
  while (!stopping()) {
    const Clock::time_point began = Clock::now();
    const auto serve = [&]() -> Result<void> {
      TRY(connection_.Connect(address_, began + options_.connect_timeout, [this] { return !stopping(); }));
      if (std::exchange(away, false)) LogWarning("{} is available again", name());
      if (!replica_) refusal_logged_ = false;
      leave_replica_ = Clock::now() + replica_time_;
      SetReady(true);
      return Serve();
    };
    const Result<void> ended = BackgroundStepResult("Redis", serve);
    SetReady(false);
    connection_.Close();
    AnswerAll();
    if (stopping()) break;
    if (ended) {  // a replica, which answers
      replica_time_ = std::min(2 * replica_time_, options_.longest_replica_time);
      continue;
    }
    {
      const MutexLock lock(mutex_);
      ++counts_.errors;
    }
    if (!std::exchange(away, true)) {
      LogWarning("{} is unavailable: {}; predictions are not shared in the meantime", name(), ended.error().message);
    }
    // A connection that fails soon after it was made counts as none: so one that comes and goes isn't tried, nor told
    // of, ten times a second.
    if (Clock::now() - began > options_.longest_pause) pause = options_.first_pause;
    Pause(pause);
    pause = std::min(2 * pause, options_.longest_pause);
  }
}

void RedisCache::Pause(std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (!stopping() && Clock::now() < end) {
    pollfd wake{wake_, POLLIN, 0};
    if (::poll(&wake, 1, Milliseconds(end - Clock::now())) <= 0) continue;
    uint64_t count = 0;
    const MutexLock lock(mutex_);
    woken_ = false;
    [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
  }
}

/// Until Redis fails, which is what it returns, or the cache is stopped, or it is time to leave a replica.
Result<void> RedisCache::Serve() {
  while (!stopping()) {
    SendQueued();
    TRY(connection_.Write());
    WaitForSocket();
    TRY(TakeReplies());
    const Clock::time_point now = Clock::now();
    AnswerLate(now);
    const Clock::duration late = commands_.empty() ? Clock::duration::zero() : now - commands_.front().sent;
    if (late > options_.connect_timeout) return Fail(ErrorCode::kNetwork, "it does not respond");
    SetReady(late <= options_.timeout);
    if (replica_ && now >= leave_replica_) return {};
  }
  return {};
}

/// Makes commands of what is queued: questions first.
void RedisCache::SendQueued() {
  const MutexLock lock(mutex_);
  const Clock::time_point now = Clock::now();
  const auto room = [&] { return commands_.size() < kMostCommands && connection_.unwritten() < kMostUnwritten; };
  while (!questions_.empty() && room()) {
    const size_t count = std::min(questions_.size(), kMostKeys);
    std::vector<std::string_view> words = {"MGET"};
    for (size_t i = 0; i < count; ++i) words.emplace_back(questions_[i].key);
    connection_.Append(words);
    for (size_t i = 0; i < count; ++i) {
      asked_.push_back(std::move(questions_.front()));
      questions_.pop_front();
    }
    commands_.push_back({count, now});
  }
  const std::string ttl = std::to_string(std::max<int64_t>(options_.ttl.count(), 1));
  while (!values_.empty() && room()) {
    const Value& value = values_.front();
    connection_.Append(std::vector<std::string_view>{"SET", value.key, value.bytes, "EX", ttl});
    value_bytes_ -= value.key.size() + value.bytes.size();
    values_.pop_front();
    commands_.push_back({0, now});
    ++counts_.sent;
  }
}

/// For its answers, room to write, something queued, or the time of the next question that is late.
void RedisCache::WaitForSocket() {
  std::optional<Clock::time_point> next;
  const auto at_the_latest = [&](Clock::time_point time) { next = std::min(time, next.value_or(time)); };
  if (answered_ < asked_.size()) at_the_latest(asked_[answered_].deadline);
  if (!commands_.empty()) {
    const Clock::time_point sent = commands_.front().sent;
    // Late is first too late to ask more, then too late to go on.
    at_the_latest(sent + options_.connect_timeout);
    if (Clock::now() - sent <= options_.timeout) at_the_latest(sent + options_.timeout);
  }
  {
    const MutexLock lock(mutex_);
    if (!questions_.empty()) at_the_latest(questions_.front().deadline);
  }
  const auto events = static_cast<short>(connection_.unwritten() > 0 ? POLLIN | POLLOUT : POLLIN);
  pollfd wanted[] = {{wake_, POLLIN, 0}, {connection_.socket(), events, 0}};
  const int timeout = next ? std::max(Milliseconds(*next - Clock::now()), 1) : -1;
  if (::poll(wanted, 2, timeout) <= 0 || wanted[0].revents == 0) return;
  uint64_t count = 0;
  const MutexLock lock(mutex_);
  woken_ = false;
  [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
}

Result<void> RedisCache::TakeReplies() {
  TRY(connection_.Read());
  while (const std::unique_ptr<RedisReply> reply = TRY(connection_.NextReply())) TRY(TakeReply(*reply));
  return {};
}

Result<void> RedisCache::TakeReply(const RedisReply& reply) {
  if (commands_.empty()) return Fail(ErrorCode::kNetwork, "it sent a reply that was not requested");
  const size_t questions = commands_.front().questions;
  const std::string says = reply.kind == RedisReply::kError ? "it reports: " + reply.text.substr(0, 200) : "";
  if (questions == 0) {
    if (!says.empty()) {
      // Full, or a replica that can't be written to: it can be read all the same.
      if (!std::exchange(refusal_logged_, true)) LogWarning("{} does not store predictions: {}", name(), says);
      replica_ = reply.text.starts_with("READONLY");
      const MutexLock lock(mutex_);
      ++counts_.errors;
    } else if (reply.kind != RedisReply::kStatus) {
      return Fail(ErrorCode::kNetwork, "its reply does not match the request");
    } else if (std::exchange(replica_, false)) {
      LogWarning("{} stores predictions again", name());
      refusal_logged_ = false;
      replica_time_ = options_.first_replica_time;
    }
    commands_.pop_front();
    return {};
  }
  if (!says.empty()) return Fail(ErrorCode::kNetwork, says);
  if (reply.kind != RedisReply::kArray || reply.items.size() != questions) {
    return Fail(ErrorCode::kNetwork, "its reply does not match the request");
  }
  commands_.pop_front();
  for (const std::unique_ptr<RedisReply>& item : reply.items) {
    const Question question = std::move(asked_.front());
    asked_.pop_front();
    if (answered_ > 0) {
      --answered_;
      continue;
    }
    Answer(question, item.get());
  }
  return {};
}

/// Answers a question with its item of a reply, which is null if the reply has none.
void RedisCache::Answer(const Question& question, RedisReply* item) {
  const bool found = item != nullptr && item->kind == RedisReply::kString;
  bool hit = false;
  RunBackgroundStep("predictions in Redis", [&] {
    hit = found && (options_.mac_key.empty() || TakeMac(options_.mac_key, question.key, item->text));
    if (!found || hit || std::exchange(rejection_logged_, true)) return;
    LogWarning(
        "{} has a prediction without the message authentication code of --redis-mac-key-file, which is not used: it "
        "was forged, or stored by a server that has no such key or another one; further ones are counted in "
        "winnow_redis_rejected_total",
        name());
  });
  {
    const MutexLock lock(mutex_);
    ++(hit ? counts_.hits : counts_.misses);
    counts_.rejected += found && !hit ? 1 : 0;
  }
  Tell(question.done, hit ? std::optional(std::move(item->text)) : std::nullopt);
}

/// Deadlines are in the order of asking, so those that have passed are the first.
void RedisCache::AnswerLate(Clock::time_point now) {
  while (answered_ < asked_.size() && asked_[answered_].deadline <= now) {
    const Done done = std::exchange(asked_[answered_++].done, nullptr);
    {
      const MutexLock lock(mutex_);
      ++counts_.timeouts;
    }
    Tell(done, std::nullopt);
  }
  for (;;) {
    Done done;
    {
      const MutexLock lock(mutex_);
      if (questions_.empty() || questions_.front().deadline > now) return;
      done = std::move(questions_.front().done);
      questions_.pop_front();
      ++counts_.timeouts;
    }
    Tell(done, std::nullopt);
  }
}

/// With nothing. Nobody asks meanwhile: the cache isn't ready. Allocates nothing.
void RedisCache::AnswerAll() {
  commands_.clear();
  for (;;) {
    Done done;
    {
      const MutexLock lock(mutex_);
      std::deque<Question>& from = asked_.empty() ? questions_ : asked_;
      if (from.empty()) break;
      done = std::move(from.front().done);
      from.pop_front();
      if (done) ++counts_.skipped;
    }
    if (done) Tell(done, std::nullopt);  // else it was late, and has been told
  }
  answered_ = 0;
  const MutexLock lock(mutex_);
  counts_.dropped += values_.size();
  values_.clear();
  value_bytes_ = 0;
}

}  // namespace winnow
