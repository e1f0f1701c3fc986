/// Shared by requests and downloads: one exchange with a server over curl, and the retry policy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/curl_library.h"
#include "net/http.h"

namespace winnow {

enum class HttpMethod { kGet, kHead, kPost, kPut, kDelete };

/// A request, apart from the options.
struct HttpCall {
  const std::string& url;
  HttpMethod method = HttpMethod::kGet;
  std::vector<std::string> headers = {};  ///< headers in addition to those of the options
  std::string_view body = {};             ///< the body of a kPost or kPut request
};

/// The state of one exchange while curl runs it. `sink` receives the body, to memory or a file; returning false stops
/// the transfer.
struct Transfer {
  CURL* easy = nullptr;
  HttpAnswer response;
  size_t header_bytes = 0;
  std::function<bool(std::string_view)> sink;
  const TransferProgress* progress = nullptr;
  uint64_t resumed_from = 0;
  bool reports_upload = false;  ///< true if `progress` counts the bytes of the request instead of those of the response
  bool cancelled = false;
  std::optional<Error> failure;  ///< reason why `sink` stopped the transfer

  /// Returns the HTTP status so far; 0 before the first header.
  long Status() const;
};

struct Outcome {
  CURLcode code = CURLE_OK;
  std::string message;  ///< curl's error message
};

/// A curl handle, created at first use, which keeps its connection for the next request to the same host. Not
/// thread-safe.
class CurlConnection {
 public:
  Outcome Perform(const HttpOptions& options, const HttpCall& call, Transfer& transfer);

 private:
  struct Deleter {
    void operator()(CURL* easy) const;
  };
  std::unique_ptr<CURL, Deleter> easy_;
};

/// Decides after each attempt whether another one follows, and waits for it.
class Retries {
 public:
  /// Creates the policy; `options` must outlive it.
  explicit Retries(const HttpOptions& options) : options_(options), wait_(options.backoff) {}

  /// Waits and returns true if the request should be repeated; returns false if that would be useless or the user
  /// cancelled.
  bool Again(const Outcome& outcome, const HttpAnswer& response, bool& cancelled);

 private:
  const HttpOptions& options_;
  std::chrono::milliseconds wait_;
  int used_ = 0;
};

/// Returns the URL for messages, without a user's password and without a signed query, or the path of the socket in its
/// place.
std::string Shown(std::string url, const HttpOptions& options = {});

Error NetworkError(const std::string& url, const HttpOptions& options, const Outcome& outcome);
std::unexpected<Error> Cancelled(const std::string& url, const HttpOptions& options);

}  // namespace winnow
