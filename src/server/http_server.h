/// Speaks HTTP/1.1, in plain or through TLS, on TCP and unix sockets. The only place that sees the HTTP library
/// (Boost.Beast on Boost.Asio).
///
/// A connection belongs to one of the server's threads and is a coroutine there: it reads a request, hands it on, waits
/// for the reply, writes it, and goes round. Requests that were sent ahead (pipelining) wait in its buffer, and are
/// answered in their order. A large or compressed request is handled on a thread apart, so that reading ten thousand
/// texts does not hold up those who send one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http.h"
#include "server/trusted_proxies.h"

namespace winnow {

struct HttpServerOptions {
  std::string host = "127.0.0.1";         ///< a name or an address; empty: no TCP
  uint16_t port = 8080;                   ///< 0: a free one
  std::filesystem::path unix_socket;      ///< listened at too; or empty. A socket that lies there is replaced
  std::vector<int> sockets;               ///< that listen already (systemd's); ours from then on, instead of host
  std::filesystem::path tls_certificate;  ///< PEM, the whole chain; empty: no TLS. Unix sockets stay plain
  std::filesystem::path tls_key;          ///< PEM
  int threads = 0;                    ///< that read and write, and run handlers until they hand over; 0: one per core
  uint64_t max_body_bytes = 8 << 20;  ///< also of what a compressed body becomes
  uint32_t max_header_bytes = 16 << 10;  ///< with the request line
  size_t handed_over_bytes = 32 << 10;   ///< bodies from here on are handled on a thread apart
  size_t max_connections = 16384;        ///< more are closed at once
  size_t max_connections_per_address = 4096;
  TrustedProxies proxies;                          ///< may have any number of them, since many clients are behind one
  std::chrono::milliseconds read_timeout{30000};   ///< for a request to arrive whole, and between requests
  std::chrono::milliseconds write_timeout{30000};  ///< for an answer to leave
};

/// Whether others than this machine can reach it.
bool ListensPublicly(const HttpServerOptions& options);

/// Runs from Start to Stop. Handlers are called on its threads, several at once, and reply from any thread; a handler
/// that throws, and a reply that never comes because its function was dropped, become status 500.
///
/// What is no request gets a status and is closed: 400 (no HTTP), 408 (too slow), 413 (body), 415 (its encoding), 431
/// (header), 501 (a transfer encoding), 505 (version).
class HttpServer {
 public:
  /// Starts a server, which listens when this function returns. Errors, with advice: kIo if the address is not
  /// available; kNotFound and kInvalidArgument for certificates.
  static Result<HttpServer> Start(HttpApplication handler, const HttpServerOptions& options);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();  ///< stops the server

  uint16_t port() const;       ///< TCP port; 0 if the server does not listen on TCP
  size_t connections() const;  ///< number of open connections

  /// Stops listening, and waits until the requests that have arrived are answered, but no longer than `patience`.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(10000));

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
