/// Speaks HTTP/1.1 for a table of routes. The only place that sees the HTTP library (RESTinio on Asio).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http.h"

namespace winnow {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  ///< 0: a free one
  int threads = 1;       ///< that read and write; handlers run on them until they hand over
  uint64_t max_body_bytes = 8 << 20;
  size_t max_header_fields = 100, max_header_bytes = 16 << 10, max_url_bytes = 8 << 10;
  std::chrono::milliseconds read_timeout{30000};   ///< for a request to arrive whole, and between requests
  std::chrono::milliseconds write_timeout{30000};  ///< for an answer to leave
};

/// Runs from Start to Stop. Handlers are called on its threads, several at once, and reply from any thread; a handler
/// that throws, and a reply that never comes because its function was dropped, become status 500.
class HttpServer {
 public:
  /// Listens from when this returns. `routes` is copied. Errors: kIo when the address can't be had, with advice.
  static Result<HttpServer> Start(std::vector<Route> routes, const HttpServerOptions& options);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();  ///< stops

  uint16_t port() const;

  /// Takes no new requests, and waits until those that are on their way are answered, but no longer than `patience`.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(10000));

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
