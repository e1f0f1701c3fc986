/// The certificate of the server, and what it agrees to with TLS clients. Only http_server.cpp, http_connection.cpp and
/// tls_certificate.cpp include this header.
///
/// TLS 1.2 with forward secrecy and authenticated encryption (ECDHE with AES-GCM or ChaCha20-Poly1305), and TLS 1.3, as
/// Mozilla's "intermediate" configuration has it (https://wiki.mozilla.org/Security/Server_Side_TLS).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>

#include "base/mutex.h"
#include "base/result.h"
#include "server/http_server.h"

namespace winnow {

/// A certificate that may be read again while connections use it. Thread-safe.
class TlsCertificate {
 public:
  explicit TlsCertificate(TlsFiles files) : files_(std::move(files)) {}

  /// Reads the files; connections that are accepted from now on use them. Errors: kNotFound and kInvalidArgument; the
  /// former certificate stays then.
  Result<void> Load();

  /// Returns the context for a new connection; null before the first Load.
  std::shared_ptr<boost::asio::ssl::context> context() const;
  /// Returns the time at which the certificate expires, in seconds since 1970; 0 before the first Load.
  int64_t expiry() const;

 private:
  const TlsFiles files_;
  mutable Mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_ GUARDED_BY(mutex_);
  int64_t expiry_ GUARDED_BY(mutex_) = 0;
};

}  // namespace winnow
