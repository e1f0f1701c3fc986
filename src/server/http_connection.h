/// One connection of the HTTP server, as a coroutine on one of its threads. Only http_server.cpp and
/// http_connection.cpp include this header.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "server/byte_budget.h"
#include "server/byte_stream.h"
#include "server/client_tasks.h"
#include "server/connection_limit.h"
#include "server/http.h"
#include "server/http_server.h"
#include "server/reply_slot.h"
#include "server/tls_certificate.h"

namespace winnow {

class HttpConnection;

/// A thread with the connections that it serves.
struct IoThread {
  std::set<HttpConnection*> connections;  // only on the thread
  std::array<char, 16 << 10> dropped;     // what clients send and nobody reads; its contents mean nothing
  asio::io_context context{1};            // after them: what it still holds when it goes are connections
  std::thread thread;
};

/// State that connections share.
struct ServerState {
  std::shared_ptr<HttpApplication> application;
  std::shared_ptr<ByteBudget> memory;           // of the bodies of all requests
  std::shared_ptr<ByteBudget> response_memory;  // of the bodies of all responses that are being sent
  HttpServerOptions options;
  std::optional<TlsCertificate> tls;
  std::optional<ConnectionLimit> addresses;
  std::atomic<size_t> connections = 0;
  std::atomic<bool> stopping = false;
  std::shared_ptr<ClientTasks> tasks;  // for large and compressed requests
};

/// The server's interface to an open connection; to be used on the connection's thread.
class HttpConnection {
 public:
  HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  virtual ~HttpConnection() = default;

  /// Closes the connection because the server stops, unless a request is being answered or has arrived.
  virtual void CloseIfIdle() = 0;
  /// Answers the request that waits for a reply with status 503, since the server waits no longer.
  virtual void Abandon() = 0;
};

/// Serves the connection until it is closed. Called on `thread`.
void ServeConnection(const std::shared_ptr<ServerState>& state, IoThread& thread, StreamSocket socket, bool tls,
                     std::string address);

}  // namespace winnow
