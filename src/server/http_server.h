/// Serves HTTP/1.1, plain or with TLS, on TCP and unix sockets. The only users of the HTTP library (Boost.Beast on
/// Boost.Asio) are this folder's files for it.
///
/// A connection belongs to one of the server's threads and is a coroutine there: it reads a request, passes it to the
/// handler, waits for the reply, writes it, and repeats. Requests that were sent ahead (pipelining) wait in its buffer,
/// and are answered in their order. A large or compressed request is handled on another thread (client_tasks.h), so
/// that reading ten thousand texts does not delay clients that send one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/client_tasks.h"
#include "server/connection_refusals.h"
#include "server/http.h"
#include "server/trusted_proxies.h"

namespace winnow {

struct TlsFiles {
  std::filesystem::path certificate;  ///< certificate with its chain, in PEM; empty: no TLS
  std::filesystem::path key;          ///< private key, in PEM
  /// Certificates of the authorities that sign the certificates of clients, in PEM; empty: clients need none.
  std::filesystem::path client_authorities;
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";  ///< host name or address to listen at; empty: no TCP
  uint16_t port = 8080;            ///< TCP port; 0: any free port
  /// Path of a unix socket to listen at; empty: none. An existing socket is replaced.
  std::filesystem::path unix_socket;
  std::vector<int> sockets;  ///< sockets that listen already (systemd's), owned from then on, in place of `host`
  TlsFiles tls;              ///< certificate and key; unix sockets are never encrypted
  int threads = 0;  ///< number of threads that read, write and run handlers until they hand over; 0: one per core
  uint64_t max_body_bytes = 8 << 20;     ///< maximum size of a body, before and after decompression
  uint32_t max_header_bytes = 16 << 10;  ///< maximum size of the headers, including the request line
  /// Maximum size of the bodies of all requests that are read or handled at a time; at least eight times
  /// max_body_bytes. What a client may take of it is stated in byte_budget.h.
  uint64_t max_memory_bytes = 64 << 20;
  uint64_t max_response_memory_bytes = 256 << 20;  ///< maximum size of all responses that are being sent, likewise
  /// Size from which bodies are handled on a separate thread; smaller ones take a millisecond at most.
  size_t handed_over_bytes = 8 << 10;
  /// Maximum number of connections, in all and of an address. For a further one, the connection that has waited longest
  /// for its next request is closed. If none waits, the further one is closed at once, apart from sixteen whose
  /// requests are refused unless they ask for a route without limits.
  size_t max_connections = 16384;
  size_t max_connections_per_address = 4096;
  /// Threads for requests that are large or compressed; null: two of the server's own. Stop finishes them.
  std::shared_ptr<ClientTasks> tasks;
  TrustedProxies proxies;  ///< proxies without a limit of connections, since many clients may use one proxy
  std::chrono::milliseconds read_timeout{30000};   ///< time for a request to arrive completely, and between requests
  std::chrono::milliseconds write_timeout{30000};  ///< time for sending a response
};

/// Returns the host name or address at which the server listens, that of its sockets if it adopts some; one that other
/// machines can reach rather than another one. "unix" if all sockets are Unix domain sockets.
std::string ListeningHost(const HttpServerOptions& options);

/// Returns the host as URLs have it: an IPv6 address in brackets.
std::string HostInUrl(const std::string& host);

/// Returns true if clients on other machines can reach the server.
bool ListensPublicly(const HttpServerOptions& options);

/// A running server, from Start to Stop. Handlers are called on its threads, several at once, and reply from any
/// thread. A handler that throws, and a reply function that is destroyed without a reply, result in status 500.
///
/// An invalid request gets a status, and its connection is closed: 400 (no HTTP), 408 (too slow), 413 (body), 415 (its
/// encoding), 431 (header), 501 (a transfer encoding), 505 (version).
class HttpServer {
 public:
  /// Starts a server, which listens when this function returns. Errors, with advice: kIo if the address is not
  /// available; kNotFound and kInvalidArgument for certificates.
  static Result<HttpServer> Start(std::shared_ptr<HttpApplication> application, const HttpServerOptions& options);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();  ///< stops the server

  /// Reads the certificate and the key again, for the connections that are accepted from now on; does nothing without
  /// TLS. Errors as of Start; the former certificate stays then.
  Result<void> ReloadCertificate();
  /// Returns the time at which the certificate expires, in seconds since 1970; 0 without TLS.
  int64_t certificate_expiry() const;

  uint16_t port() const;                       ///< TCP port; 0 if the server does not listen on TCP
  size_t connections() const;                  ///< number of open connections
  const ConnectionRefusals& refusals() const;  ///< connections for which there was no room
  size_t memory_bytes() const;                 ///< size of the bodies of the requests that are read or handled

  /// Stops listening, and waits until the requests that have arrived are answered, but no longer than `patience`.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(10000));

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
