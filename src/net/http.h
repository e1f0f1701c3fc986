/// HTTP over libcurl: small documents into memory, large files to disk with resume. Retries what may pass by itself.
/// Proxies come from the environment as curl reads them (https_proxy, no_proxy...), certificates from CURL_CA_BUNDLE,
/// SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE, else from the system. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
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
  int retries = 4;                   ///< after timeouts, cut connections, 408, 429 and 5xx; one where nothing answers
  std::chrono::milliseconds backoff{500};  ///< before the first retry; doubles; Retry-After up to 30 s is honoured
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};  ///< gives up (and retries) when nothing arrives for so long
  uint64_t max_body_bytes = 64 << 20;               ///< of what is read into memory
  TransferProgress progress;
};

struct HttpAnswer {
  int status = 0;
  /// Lower-case names, in order of arrival, over all redirects.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// The first header of that lower-case name: the given host's own, before any redirect.
  std::optional<std::string> FirstHeader(std::string_view name) const;
  /// The last: the one that came with the body.
  std::optional<std::string> LastHeader(std::string_view name) const;
};

/// Any status is an answer, not an error; 5xx only once the retries are used up. Errors: kNetwork, kCancelled.
Result<HttpAnswer> HttpGet(const std::string& url, const HttpOptions& options);
Result<HttpAnswer> HttpHead(const std::string& url, const HttpOptions& options);

/// "https://...: the server answered 404" for what is not 2xx.
Result<void> RequireOk(const std::string& url, const HttpAnswer& response);

struct DownloadOptions {
  HttpOptions http;
  std::optional<uint64_t> size;  ///< what the file must have
  std::string sha256;            ///< what the file must have, or empty; 64 digits
};

/// Downloads to `path`.incomplete, going on where an earlier attempt stopped if the server says that the file is the
/// same (Range with If-Range; where `sha256` is given, that decides), then checks, fsyncs and renames to `path`. A file
/// whose digest is wrong is thrown away, tried once more from its start, and then an error. Errors: kNetwork, also for
/// every status but 2xx; kIo; kCancelled (the part stays, for the next time).
Result<HttpAnswer> HttpDownload(const std::string& url, const std::filesystem::path& path,
                                  const DownloadOptions& options);

/// Percent-encodes what can't stand in a path; '/' stays.
std::string UrlEncodePath(std::string_view path);

}  // namespace winnow
