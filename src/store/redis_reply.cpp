#include "store/redis_reply.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <utility>

#include "store/redis_error.h"

namespace winnow {
namespace {

// hiredis builds replies through these; a null from one is the end of the connection. The reader's private data is the
// most items of an array.

/// Puts a new object where the reader is: into its array, or as the reply.
void* Place(const redisReadTask* task, std::unique_ptr<RedisReply> made) {
  if (task->parent == nullptr) return made.release();
  auto* array = static_cast<RedisReply*>(task->parent->obj);
  if (task->idx < 0 || static_cast<size_t>(task->idx) >= array->items.size()) return nullptr;
  auto& place = array->items[static_cast<size_t>(task->idx)];
  place = std::move(made);
  return place.get();
}

std::unique_ptr<RedisReply> Reply(RedisReply::Kind kind) {
  auto reply = std::make_unique<RedisReply>();
  reply->kind = kind;
  return reply;
}

void* MakeString(const redisReadTask* task, char* text, size_t size) {
  auto reply = Reply(task->type == REDIS_REPLY_ERROR    ? RedisReply::kError
                     : task->type == REDIS_REPLY_STATUS ? RedisReply::kStatus
                                                        : RedisReply::kString);
  reply->text.assign(text, size);
  return Place(task, std::move(reply));
}

/// The count is an int in hiredis 0.14, a size_t from 1.0 on. No reply to what we ask has an array in an array.
template <typename Count>
void* MakeArray(const redisReadTask* task, Count count) {
  const auto size = static_cast<size_t>(count);
  if (task->parent != nullptr || size > *static_cast<const size_t*>(task->privdata)) return nullptr;
  auto reply = Reply(RedisReply::kArray);
  reply->items.resize(size);
  return Place(task, std::move(reply));
}

void* MakeInteger(const redisReadTask* task, long long) { return Place(task, Reply(RedisReply::kInteger)); }
void* MakeNil(const redisReadTask* task) { return Place(task, Reply(RedisReply::kNil)); }
void FreeReply(void* reply) { delete static_cast<RedisReply*>(reply); }

template <typename Functions>
Functions ReplyFunctions() {
  Functions functions{};
  functions.createString = MakeString;
  functions.createArray = MakeArray;
  functions.createInteger = MakeInteger;
  functions.createNil = MakeNil;
  functions.freeObject = FreeReply;
  // hiredis 1.0 and later: types of RESP3, which we never ask for.
  if constexpr (requires { functions.createDouble; }) {
    functions.createDouble = [](const redisReadTask*, double, char*, size_t) -> void* { return nullptr; };
    functions.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
  }
  return functions;
}

}  // namespace

RedisReplyReader::RedisReplyReader(size_t max_reply_bytes, size_t max_items)
    : max_reply_bytes_(max_reply_bytes), max_items_(max_items) {
  static redisReplyObjectFunctions functions = ReplyFunctions<redisReplyObjectFunctions>();
  reader_ = ::redisReaderCreateWithFunctions(&functions);
  if (reader_ != nullptr) reader_->privdata = &max_items_;
}

RedisReplyReader::~RedisReplyReader() {
  if (reader_ != nullptr) ::redisReaderFree(reader_);
}

Result<void> RedisReplyReader::Feed(std::string_view bytes) {
  if (reader_ == nullptr || ::redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) {
    return RedisLost("out of memory");
  }
  return {};
}

Result<std::unique_ptr<RedisReply>> RedisReplyReader::Next() {
  if (reader_ == nullptr) return RedisLost("out of memory");
  void* reply = nullptr;
  if (::redisReaderGetReply(reader_, &reply) != REDIS_OK) {
    return RedisLost(reader_->err == REDIS_ERR_OOM ? "its reply is larger than any requested value"
                                                   : fmt::format("it is not a Redis server ({})", reader_->errstr));
  }
  if (reply == nullptr && reader_->len - reader_->pos > max_reply_bytes_) {
    return RedisLost("its reply exceeds the size limit");
  }
  return std::unique_ptr<RedisReply>(static_cast<RedisReply*>(reply));
}

}  // namespace winnow
