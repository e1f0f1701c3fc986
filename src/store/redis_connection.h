/// One connection to Redis that never waits longer than its caller allows: a non-blocking socket, TLS on it if the
/// address asks for it, and a reader of replies.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/redis_reply.h"
#include "store/redis_tls.h"
#include "store/redis_url.h"

namespace winnow {

/// A connection. Not thread-safe.
class RedisConnection {
 public:
  /// A reply larger than `max_reply_bytes`, or an array of more than `max_items`, is an error. `tls_files` are read for
  /// each connection that uses TLS, so that renewed certificates need no restart.
  RedisConnection(size_t max_reply_bytes, size_t max_items, RedisTlsFiles tls_files = {});
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  /// Connects (again, if connected), verifies the server's certificate if the address asks for TLS, logs in, selects
  /// the database, and checks that keys can be read. Blocks until
  /// `deadline` at most, or until `keep_going`, which is called every few milliseconds, returns false. Errors:
  /// kNetwork, kCancelled.
  Result<void> Connect(const RedisAddress& address, std::chrono::steady_clock::time_point deadline,
                       const std::function<bool()>& keep_going);
  void Close();

  /// Queues a command, which Write sends.
  void Append(std::span<const std::string_view> words);
  /// Writes as much as the socket accepts. Errors: kNetwork.
  Result<void> Write();
  size_t unwritten() const { return out_.size() - written_; }

  /// Reads the bytes that have arrived. Errors: kNetwork if the other end has closed the connection.
  Result<void> Read();
  /// Returns the next complete reply, or null. Errors: kNetwork for data that is not a valid reply.
  Result<std::unique_ptr<RedisReply>> NextReply();

  /// Returns the descriptor for poll(2); -1 if closed.
  int socket() const { return socket_; }

 private:
  struct Waiter;
  Result<void> Open(const RedisAddress& address, const Waiter& waiter);
  Result<void> StartTls(const RedisAddress& address, const Waiter& waiter);
  Result<void> LogIn(const RedisAddress& address, const Waiter& waiter);
  // Return the number of bytes that were sent or received; 0: none can be at the moment.
  Result<size_t> Send(std::string_view bytes);
  Result<size_t> Receive(std::span<char> buffer);

  const size_t max_reply_bytes_, max_items_;
  const RedisTlsFiles tls_files_;
  int socket_ = -1;
  std::unique_ptr<RedisTls> tls_;  // null: no TLS
  std::optional<RedisReplyReader> reader_;
  std::string out_;
  size_t written_ = 0;
};

}  // namespace winnow
