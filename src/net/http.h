/// HTTP over libcurl: small documents into memory (files: net/download.h). Retries what may pass by itself.
/// Proxies come from the environment as curl reads them (https_proxy, no_proxy...), certificates from CURL_CA_BUNDLE,
/// SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE, else from the
/// system. Proxies have no part in what is asked of this machine itself.
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

/// Bytes so far and in all (0: unknown). False cancels.
using TransferProgress = std::function<bool(uint64_t done, uint64_t total)>;

struct HttpOptions {
  std::string bearer_token;          ///< sent to the given host alone, never to one that it redirects to
  std::vector<std::string> headers;  ///< "Name: value"
  bool follow_redirects = true;      ///< at most 10, and never from https to http
  int retries = 4;                   ///< after timeouts, cut connections, 408, 429 and 5xx
  int unanswered_retries = 1;        ///< of those, where nothing answers at all: a refused connection, an unknown name
  std::chrono::milliseconds backoff{500};  ///< before the first retry; doubles; Retry-After up to 30 s is honoured
  std::chrono::milliseconds max_backoff{8'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};  ///< gives up (and retries) when nothing arrives for so long
  uint64_t max_body_bytes = 64 << 20;               ///< of what is read into memory
  std::string unix_socket;                          ///< where to connect to, whatever host the url names
  TransferProgress progress;                        ///< asked about once a second even when nothing arrives
};

struct HttpAnswer {
  int status = 0;
  /// Lower-case names, in order of arrival, over all redirects.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// The last header of that lower-case name: the one that came with the body.
  std::optional<std::string> LastHeader(std::string_view name) const;
};

/// Keeps its connection for the next request to the same host. Any status is an answer, not an error; 5xx only once the
/// retries are used up. Errors: kNetwork, kCancelled. Not thread-safe: one a thread.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  Result<HttpAnswer> Get(const std::string& url);
  Result<HttpAnswer> Head(const std::string& url);
  /// Sent again as it is where a retry is called for: only for what may be done twice. A redirect is an answer.
  Result<HttpAnswer> Post(const std::string& url, std::string_view body, const std::string& content_type);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// One request, with a client of its own. Thread-safe.
Result<HttpAnswer> HttpGet(const std::string& url, const HttpOptions& options);
Result<HttpAnswer> HttpHead(const std::string& url, const HttpOptions& options);

/// "https://...: the server answered 404" for what is not 2xx.
Result<void> RequireOk(const std::string& url, const HttpAnswer& response);

/// Percent-encodes what can't stand in a path; '/' stays.
std::string UrlEncodePath(std::string_view path);

}  // namespace winnow
