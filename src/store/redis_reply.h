/// Replies of a Redis server, read from the bytes that it sends (hiredis' reader). Their bytes, items and depth are
/// bounded, whatever the bytes are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;

namespace winnow {

struct RedisReply {
  enum Kind { kNil, kString, kStatus, kError, kInteger, kArray } kind = kNil;
  std::string text;  ///< the text of strings, status replies and errors
  std::vector<std::unique_ptr<RedisReply>> items;
};

/// A reader of one connection's replies. Not thread-safe.
class RedisReplyReader {
 public:
  /// A reply larger than `max_reply_bytes`, or an array of more than `max_items`, is an error.
  RedisReplyReader(size_t max_reply_bytes, size_t max_items);
  RedisReplyReader(const RedisReplyReader&) = delete;
  RedisReplyReader& operator=(const RedisReplyReader&) = delete;
  ~RedisReplyReader();

  /// Appends bytes that have arrived. Errors: kNetwork if there is no memory for them.
  Result<void> Feed(std::string_view bytes);
  /// Returns the next complete reply, or null. Errors: kNetwork for data that is not a valid reply; the reader must not
  /// be used after an error.
  Result<std::unique_ptr<RedisReply>> Next();

 private:
  const size_t max_reply_bytes_;
  size_t max_items_;
  redisReader* reader_;  // null if there was no memory for it
};

}  // namespace winnow
