/// HTTP over libcurl: small documents into memory (files: net/download.h). Temporary failures are retried.
/// Proxies come from the environment as curl reads them (https_proxy, no_proxy...), certificates from CURL_CA_BUNDLE,
/// SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE, otherwise from the system.
/// Requests to this machine itself never use a proxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Called with the bytes transferred so far and the total (0: unknown). Returning false cancels the transfer.
using TransferProgress = std::function<bool(uint64_t done, uint64_t total)>;

struct HttpOptions {
  std::string bearer_token;          ///< token sent only to the given host, never to one that it redirects to
  std::vector<std::string> headers;  ///< additional headers: "Name: value"
  bool follow_redirects = true;      ///< true if redirects are followed, at most 10, and never from https to http
  int retries = 4;                   ///< number of retries after timeouts, broken connections, 408, 429 and 5xx
  int unanswered_retries = 1;        ///< retries if there is no response: connection refused, unknown host
  /// Pause before the first retry; doubles each time; Retry-After up to 30 s is honoured.
  std::chrono::milliseconds backoff{500};
  std::chrono::milliseconds max_backoff{8'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};  ///< time without data after which an attempt fails
  std::chrono::milliseconds attempt_timeout{0};     ///< longest time that an attempt may take; 0: no limit
  uint64_t max_body_bytes = 64 << 20;               ///< largest body that is read into memory
  bool use_proxy = true;      ///< false for hosts that only this machine reaches, such as metadata services
  std::string unix_socket;    ///< socket to connect to in place of the URL's host
  TransferProgress progress;  ///< called about once a second, even if no data arrives
};

struct HttpAnswer {
  int status = 0;
  /// Headers with lower-case names, in order of arrival, over all redirects.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// Returns the last header with that lower-case name, which is the one that arrived with the body.
  std::optional<std::string> LastHeader(std::string_view name) const;
};

/// A client that keeps its connection for the next request to the same host. Any status is an answer, not an error; 5xx
/// is returned once the retries are used up. Errors: kNetwork, kCancelled. Not thread-safe: use one per thread.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  Result<HttpAnswer> Get(const std::string& url);
  Result<HttpAnswer> Head(const std::string& url);
  /// Sends a POST request, repeated on a retry, so it must be idempotent. A redirect is returned as the answer.
  /// `headers` are sent besides those of the options.
  Result<HttpAnswer> Post(const std::string& url, std::string_view body, const std::string& content_type,
                          std::vector<std::string> headers = {});
  /// Sends a PUT request as Post sends a POST request.
  Result<HttpAnswer> Put(const std::string& url, std::string_view body, const std::string& content_type,
                         std::vector<std::string> headers = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Sends one request with a new client. Thread-safe.
Result<HttpAnswer> HttpGet(const std::string& url, const HttpOptions& options);
Result<HttpAnswer> HttpHead(const std::string& url, const HttpOptions& options);

/// Returns an error such as "https://...: the server answered 404" for every status but 2xx.
Result<void> RequireOk(const std::string& url, const HttpAnswer& response);

}  // namespace winnow
