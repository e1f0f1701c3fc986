/// Signed requests to one bucket, with what goes wrong on the way: retries, a wrong clock, credentials that expire, a
/// bucket in another region.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.h"
#include "artifacts/s3_credentials.h"
#include "artifacts/s3_signature.h"
#include "artifacts/s3_url.h"
#include "artifacts/s3_xml.h"
#include "base/mutex.h"
#include "net/transfer.h"

namespace winnow {

struct S3Request {
  HttpMethod method = HttpMethod::kGet;
  std::string key = {};          ///< the key in the bucket, with the store's prefix; empty: the bucket itself
  S3Pairs query = {};            ///< not encoded
  S3Pairs headers = {};          ///< names in lower case; all are signed
  std::string_view body = {};    ///< body of PUT and POST; must stay alive
  std::string body_sha256 = {};  ///< the digest of the body, if it is known
  /// Adds headers before each attempt, such as the range that is still missing.
  std::function<void(S3Pairs& headers)> before_attempt = {};
  /// Receives the body of responses of status 200 and 206 in place of the answer, piece by piece; an error stops the
  /// request. Attempts count from the beginning again after one that brought bytes.
  std::function<Result<void>(const HttpAnswer& head, int status, std::string_view bytes)> sink = {};
  /// Receives the bytes of the body that were sent, or with a sink received, in this attempt. Returning false cancels.
  std::function<bool(uint64_t bytes)> progress = {};
  /// True for requests whose answer is a document: one that is cut short, or an error with status 200 (as
  /// CompleteMultipartUpload may answer), is no success.
  bool expects_document = false;
};

struct S3Answer {
  HttpAnswer http;
  std::optional<S3ErrorAnswer> error;  ///< the error that the answer contains, if any

  bool ok() const { return http.ok() && !error; }
  int status() const { return http.status; }
  bool Is(std::string_view code) const { return error && error->code == code; }
};

/// Thread-safe.
class S3Client {
 public:
  S3Client(const S3Address& address, const AwsSettings& settings, HttpOptions http);
  ~S3Client();

  const S3Address& address() const { return address_; }

  /// Sends a request, and again after failures that may pass (timeouts, cut connections, status 408, 429, 500, 502, 503
  /// and 504, SlowDown and the like), signed anew each time. Once per request each: if the server's clock differs by
  /// more than five minutes, its time is adopted; credentials that it calls expired are renewed; a region that it names
  /// is adopted. Answers with any other status are answers. Errors: kNetwork, kCancelled, those of credentials and
  /// sink.
  Result<S3Answer> Send(const S3Request& request);

  /// Returns the error for an answer that is not ok: `doing` is what was tried ("cannot write"), `permission` what the
  /// user needs for it ("s3:PutObject").
  Error Refusal(const S3Answer& answer, std::string_view key, std::string_view doing,
                std::string_view permission) const;

  /// Returns "s3://BUCKET/KEY".
  std::string Shown(std::string_view key) const;

 private:
  struct Place;
  struct Remedies;

  S3Time Now() const;
  Place PlaceOf(const S3Request& request) const;
  std::vector<std::string> SignedHeaders(const S3Request& request, const Place& place, const S3Keys& keys) const;
  Outcome Attempt(const S3Request& request, const S3Keys& keys, const HttpOptions& options, Transfer& transfer);
  bool Remedy(const S3Answer& answer, const S3Keys& keys, Remedies& remedies);
  bool AdoptTime(const HttpAnswer& answer);
  bool AdoptRegion(const S3Answer& answer);
  std::unique_ptr<CurlConnection> TakeConnection();
  void ReturnConnection(std::unique_ptr<CurlConnection> connection);

  const S3Address address_;
  const HttpOptions http_;
  const bool path_style_;
  S3Credentials credentials_;
  std::atomic<int64_t> clock_difference_ = 0;  // in milliseconds: the server's time minus ours
  mutable Mutex mutex_;
  std::string region_ GUARDED_BY(mutex_);
  std::string endpoint_ GUARDED_BY(mutex_);
  S3Keys last_keys_ GUARDED_BY(mutex_);  // for redaction
  std::vector<std::unique_ptr<CurlConnection>> connections_ GUARDED_BY(mutex_);
};

}  // namespace winnow
