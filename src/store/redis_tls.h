/// TLS (1.2 or 1.3) to a Redis server over a non-blocking socket, by OpenSSL. The server's certificate and its host
/// name are verified.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct RedisTlsFiles {
  /// Certificates of the authorities that sign the server's certificate, in PEM; empty: those of the system.
  std::filesystem::path authorities;
  /// Certificate with its chain, and private key, that the server demands of its clients, in PEM; empty: none.
  std::filesystem::path certificate, key;
};

/// Reads the files once. Errors: kNotFound, kIo and kInvalidArgument, with advice.
Result<void> CheckRedisTlsFiles(const RedisTlsFiles& files);

/// The encryption of one connection. Not thread-safe.
class RedisTls {
 public:
  /// Number of bytes of the longest TLS record. A Receive into a buffer of this size leaves no decrypted bytes behind,
  /// so that poll(2) on the socket tells whether there is more.
  static constexpr size_t kRecordBytes = 16384;
  enum class Step { kDone, kRead, kWrite };

  /// Prepares a connection to `host`, a host name or IP address, over a connected non-blocking socket, which must
  /// outlive the object. Errors: those of CheckRedisTlsFiles; kNetwork.
  static Result<std::unique_ptr<RedisTls>> Start(const RedisTlsFiles& files, const std::string& host, int socket);
  RedisTls(const RedisTls&) = delete;
  RedisTls& operator=(const RedisTls&) = delete;
  ~RedisTls();

  /// Goes on with the handshake; returns what the socket must be ready for before the next call. Errors: kNetwork if
  /// the certificate is not trusted or is for another host, or the connection breaks.
  Result<Step> Handshake();

  /// Return the number of bytes that were sent or received, 0 if none can be at the moment. Errors: kNetwork.
  Result<size_t> Send(std::string_view bytes);
  Result<size_t> Receive(std::span<char> buffer);

 private:
  struct State;
  explicit RedisTls(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace winnow
