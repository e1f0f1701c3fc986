#include "store/redis_tls.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/authorities.h"
#include "base/environment.h"
#include "base/input_file.h"
#include "store/redis_error.h"

namespace winnow {
namespace {

struct Deleter {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  void operator()(SSL* session) const { ::SSL_free(session); }
  void operator()(BIO_METHOD* method) const { ::BIO_meth_free(method); }
};
using Context = std::unique_ptr<SSL_CTX, Deleter>;

/// The reason of OpenSSL's oldest error of this thread, which is forgotten with all others.
std::string Reason() {
  const unsigned long error = ::ERR_get_error();
  ::ERR_clear_error();
  if (error == 0) return "unknown error";
  const char* const reason = ::ERR_reason_error_string(error);
  return reason != nullptr ? reason : fmt::format("error {:#x}", error);
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, which ends a process that does not ignore SIGPIPE.

int SocketOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(::BIO_get_data(bio))); }

int AfterTransfer(BIO* bio, ssize_t count, int retry) {
  BIO_clear_retry_flags(bio);
  if (count == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(count);
}

int WriteToSocket(BIO* bio, const char* bytes, int size) {
  return AfterTransfer(bio, ::send(SocketOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

int ReadFromSocket(BIO* bio, char* buffer, int size) {
  return AfterTransfer(bio, ::recv(SocketOf(bio), buffer, static_cast<size_t>(size), 0), BIO_FLAGS_READ);
}

long ControlSocket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Returns a BIO over the socket, which it does not own; null if there is no memory.
BIO* SocketBio(int socket) {
  static const std::unique_ptr<BIO_METHOD, Deleter> kMethod = [] {
    std::unique_ptr<BIO_METHOD, Deleter> method(
        ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals"));
    if (method) {
      ::BIO_meth_set_write(method.get(), WriteToSocket);
      ::BIO_meth_set_read(method.get(), ReadFromSocket);
      ::BIO_meth_set_ctrl(method.get(), ControlSocket);
    }
    return method;
  }();
  BIO* const bio = kMethod ? ::BIO_new(kMethod.get()) : nullptr;
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  ::BIO_set_init(bio, 1);
  return bio;
}

Result<void> CheckFile(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    return Fail(ErrorCode::kNotFound, fmt::format("'{}': no such file", file.string()),
                "--redis-tls-ca, --redis-tls-cert and --redis-tls-key name files in PEM format");
  }
  constexpr size_t kMostBytes = size_t{16} << 20;
  return CheckRegularFile(file, kMostBytes);
}

Result<Context> MakeContext(const RedisTlsFiles& files) {
  ::ERR_clear_error();
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return RedisLost(fmt::format("TLS: {}", Reason()));
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  ::SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  for (const auto& file : {files.authorities, files.certificate, files.key}) {
    if (!file.empty()) TRY(CheckFile(file));
  }
  std::filesystem::path authorities = files.authorities;
  if (authorities.empty()) {
    ::SSL_CTX_set_default_verify_paths(context.get());
    if (!EnvironmentVariable("SSL_CERT_FILE")) authorities = OtherAuthorities().value_or("");
  }
  if (!authorities.empty() && ::SSL_CTX_load_verify_file(context.get(), authorities.c_str()) != 1) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", authorities.string(), Reason()),
                "--redis-tls-ca must be a PEM file with the certificates of one or more authorities");
  }
  if (!files.certificate.empty() &&
      (::SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1 ||
       ::SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} and {}: {}", files.certificate.string(), files.key.string(), Reason()),
                "certificate and key must be in PEM format, and must belong together");
  }
  return context;
}

/// Has the certificate verified to be for `host`, and tells the server which host is meant.
bool ExpectHost(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = ::SSL_get0_param(session);
  ::X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (::X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return true;
  return ::SSL_set1_host(session, host.c_str()) == 1 && SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

struct RedisTls::State {
  Context context;
  std::unique_ptr<SSL, Deleter> session;

  /// Returns why a call failed that returned `returned`, or nothing if it has to wait for the socket.
  std::string ErrorOf(int returned) {
    const int system_error = errno;
    switch (::SSL_get_error(session.get(), returned)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return "";
      case SSL_ERROR_ZERO_RETURN:
        return "it closed the connection";
      case SSL_ERROR_SYSCALL:
        ::ERR_clear_error();
        return returned == 0 || system_error == 0 ? "it closed the connection" : std::strerror(system_error);
      default:
        break;
    }
    if (const long verified = ::SSL_get_verify_result(session.get()); verified != X509_V_OK) {
      ::ERR_clear_error();
      return fmt::format("its TLS certificate is not accepted ({}; --redis-tls-ca names the authorities to trust)",
                         ::X509_verify_cert_error_string(verified));
    }
    return "TLS: " + Reason();
  }
};

Result<void> CheckRedisTlsFiles(const RedisTlsFiles& files) {
  TRY(MakeContext(files));
  return {};
}

RedisTls::RedisTls(std::unique_ptr<State> state) : state_(std::move(state)) {}
RedisTls::~RedisTls() = default;

Result<std::unique_ptr<RedisTls>> RedisTls::Start(const RedisTlsFiles& files, const std::string& host, int socket) {
  auto state = std::make_unique<State>();
  state->context = TRY(MakeContext(files));
  state->session.reset(::SSL_new(state->context.get()));
  BIO* const bio = state->session ? SocketBio(socket) : nullptr;
  if (bio == nullptr) return RedisLost("out of memory");
  ::SSL_set_bio(state->session.get(), bio, bio);
  if (!ExpectHost(state->session.get(), host)) return RedisLost("TLS: the host name cannot be verified: " + Reason());
  ::SSL_set_connect_state(state->session.get());
  return std::unique_ptr<RedisTls>(new RedisTls(std::move(state)));
}

Result<RedisTls::Step> RedisTls::Handshake() {
  ::ERR_clear_error();
  const int returned = ::SSL_do_handshake(state_->session.get());
  if (returned == 1) return Step::kDone;
  std::string error = state_->ErrorOf(returned);
  if (!error.empty()) return RedisLost(std::move(error));
  return SSL_want_write(state_->session.get()) ? Step::kWrite : Step::kRead;
}

Result<size_t> RedisTls::Send(std::string_view bytes) {
  ::ERR_clear_error();
  const int size = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
  const int returned = ::SSL_write(state_->session.get(), bytes.data(), size);
  if (returned > 0) return static_cast<size_t>(returned);
  std::string error = state_->ErrorOf(returned);
  if (!error.empty()) return RedisLost(std::move(error));
  return 0;
}

Result<size_t> RedisTls::Receive(std::span<char> buffer) {
  ::ERR_clear_error();
  const int size = static_cast<int>(std::min<size_t>(buffer.size(), INT_MAX));
  const int returned = ::SSL_read(state_->session.get(), buffer.data(), size);
  if (returned > 0) return static_cast<size_t>(returned);
  std::string error = state_->ErrorOf(returned);
  if (!error.empty()) return RedisLost(std::move(error));
  return 0;
}

}  // namespace winnow
