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
#include "server/connection_refusals.h"
#include "server/http.h"
#include "server/http_server.h"
#include "server/idle_connections.h"
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
  std::atomic<size_t> reserved = 0;  // of the connections, those beyond the limits
  IdleConnections idle;
  ConnectionRefusals refusals;
  std::atomic<bool> stopping = false;
  std::shared_ptr<ClientTasks> tasks;  // for large and compressed requests

  /// Counts a connection that is refused because of the limit, and tells the log if it is time.
  void CountRefusal(ConnectionLimitKind limit, std::string_view address);
};

/// The server's interface to an open connection; to be used on the connection's thread.
class HttpConnection {
 public:
  HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  virtual ~HttpConnection() = default;

  /// Closes the connection if no request is being answered or has arrived. Returns false otherwise.
  virtual bool CloseIfIdle() = 0;
  /// Closes the connection because the server stops, unless a request is being answered or has arrived; one of which a
  /// part has arrived gets little time for the rest.
  virtual void Finish() = 0;
  /// Answers the request that waits for a reply with status 503, since the server waits no longer.
  virtual void Abandon() = 0;
};

/// A connection that was accepted.
struct Accepted {
  StreamSocket socket;
  bool tls = false;
  std::string address;
  /// The limit that it is beyond, if any: a request that does not ask for a route without limits is refused.
  std::optional<ConnectionLimitKind> beyond = {};
};

/// Serves the connection until it is closed. Called on `thread`.
void ServeConnection(const std::shared_ptr<ServerState>& state, IoThread& thread, Accepted accepted);

}  // namespace winnow
