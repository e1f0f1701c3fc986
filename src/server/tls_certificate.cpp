#include "server/tls_certificate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>

#include "base/input_file.h"
#include "base/log.h"

namespace winnow {
namespace {

namespace ssl = boost::asio::ssl;
using BoostError = boost::system::error_code;

constexpr size_t kMostBytes = size_t{16} << 20;  // the authorities of a whole system take a quarter of a megabyte

constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Returns the time at which the certificate of the context expires, in seconds since 1970; 0 if it cannot be told.
int64_t ExpiryOf(ssl::context& context) {
  const X509* const certificate = ::SSL_CTX_get0_certificate(context.native_handle());
  std::tm end = {};
  if (certificate == nullptr || ::ASN1_TIME_to_tm(::X509_get0_notAfter(certificate), &end) != 1) return 0;
  return ::timegm(&end);
}

void WarnOfExpiry(const std::filesystem::path& certificate, int64_t expiry) {
  constexpr int64_t kSoon = 7 * 86400;
  const std::time_t now = std::time(nullptr);
  if (expiry == 0 || expiry - now >= kSoon) return;
  LogWarning("{}: the TLS certificate {} at {:%Y-%m-%dT%H:%MZ}; a renewed one is read on SIGHUP", certificate.string(),
             expiry <= now ? "has expired" : "expires", fmt::gmtime(expiry));
}

}  // namespace

Result<void> TlsCertificate::Load() {
  for (const auto& file : {files_.certificate, files_.key, files_.client_authorities}) {
    if (file.empty()) continue;
    std::error_code unseen;  // what cannot be looked at is reported by the check below
    if (!std::filesystem::exists(file, unseen) && !unseen) {
      return Fail(ErrorCode::kNotFound, fmt::format("'{}': no such file", file.string()),
                  "--tls-cert and --tls-key must be PEM files: the certificate with its chain, and its private key");
    }
    TRY(CheckRegularFile(file, kMostBytes));
  }
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  BoostError error;
  context->set_options(
      ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
      error);
  const bool has_ciphers = ::SSL_CTX_set_cipher_list(context->native_handle(), kCiphers12) == 1;
  if (!has_ciphers) return Fail(ErrorCode::kUnsupported, "this OpenSSL has none of the ciphers for TLS 1.2");
  if (!error) context->use_certificate_chain_file(files_.certificate.string(), error);
  if (!error) context->use_private_key_file(files_.key.string(), ssl::context::pem, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} and {}: {}", files_.certificate.string(), files_.key.string(), error.message()),
                "certificate and key must be in PEM format, and must belong together");
  }
  if (!files_.client_authorities.empty()) {
    context->load_verify_file(files_.client_authorities.string(), error);
    if (!error) context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    // A session that is resumed would not be verified again under a renewed list of authorities.
    ::SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
    if (error) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: {}", files_.client_authorities.string(), error.message()),
                  "--tls-client-ca must be a PEM file with the certificates of one or more authorities");
    }
  }
  const int64_t expiry = ExpiryOf(*context);
  WarnOfExpiry(files_.certificate, expiry);
  const MutexLock lock(mutex_);
  context_ = std::move(context);
  expiry_ = expiry;
  return {};
}

int64_t TlsCertificate::expiry() const {
  const MutexLock lock(mutex_);
  return expiry_;
}

std::shared_ptr<ssl::context> TlsCertificate::context() const {
  const MutexLock lock(mutex_);
  return context_;
}

}  // namespace winnow
