#include "artifacts/s3_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "artifacts/s3_refusal.h"
#include "base/ascii.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTolerance = std::chrono::minutes(5);  // S3's own is 15 minutes
constexpr size_t kMaxErrorBytes = 1 << 20;

std::string_view NameOf(HttpMethod method) {
  switch (method) {
    case HttpMethod::kHead:
      return "HEAD";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPut:
      return "PUT";
    case HttpMethod::kDelete:
      return "DELETE";
    default:
      return "GET";
  }
}

/// True for errors that pass by themselves, whatever their status is. Bytes that were changed on the way are sent
/// again.
bool IsTemporary(std::string_view code) {
  constexpr std::array<std::string_view, 12> kCodes = {"SlowDown",
                                                       "RequestTimeout",
                                                       "InternalError",
                                                       "ServiceUnavailable",
                                                       "Throttling",
                                                       "BadDigest",
                                                       "RequestLimitExceeded",
                                                       "BandwidthLimitExceeded",
                                                       "XAmzContentSHA256Mismatch",
                                                       "TooManyRequests",
                                                       "OperationAborted",
                                                       "ConditionalRequestConflict"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

HttpOptions ForS3(HttpOptions options) {
  options.follow_redirects = false;  // the signature is for one host
  options.bearer_token.clear();
  options.headers.clear();
  options.progress = nullptr;
  options.unix_socket.clear();
  return options;
}

}  // namespace

/// Where a request goes.
struct S3Client::Place {
  std::string url;  // without the query
  std::string host, path, region;
};

/// What was tried already for a request.
struct S3Client::Remedies {
  bool time = false, credentials = false, region = false;
};

S3Client::S3Client(const S3Address& address, const AwsSettings& settings, HttpOptions http)
    : address_(address),
      http_(ForS3(std::move(http))),
      path_style_(settings.path_style),
      credentials_(address, settings),
      region_(settings.region),
      endpoint_(settings.endpoint) {}

S3Client::~S3Client() = default;

S3Time S3Client::Now() const {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + milliseconds(clock_difference_.load());
}

std::string S3Client::Shown(std::string_view key) const {
  return fmt::format("{}://{}/{}", address_.is_google ? "gs" : "s3", address_.bucket, key);
}

S3Client::Place S3Client::PlaceOf(const S3Request& request) const {
  Place place;
  std::string endpoint;
  {
    const MutexLock lock(mutex_);
    place.region = region_;
    endpoint = endpoint_;
  }
  const size_t host = endpoint.find("://") + 3;
  place.host = (path_style_ ? "" : address_.bucket + ".") + endpoint.substr(host);
  place.path = (path_style_ ? "/" + address_.bucket : std::string());
  if (!path_style_ || !request.key.empty()) place.path += "/" + PercentEncoded(request.key, "/");
  place.url = endpoint.substr(0, host) + place.host + place.path;
  return place;
}

std::vector<std::string> S3Client::SignedHeaders(const S3Request& request, const Place& place,
                                                 const S3Keys& keys) const {
  S3SignedRequest to_sign{std::string(NameOf(request.method)), place.path, request.query, request.headers, {}};
  if (request.before_attempt) request.before_attempt(to_sign.headers);
  to_sign.payload = request.body_sha256.empty() ? Sha256(request.body) : request.body_sha256;
  const S3Time time = Now();
  to_sign.headers.emplace_back("host", place.host);
  to_sign.headers.emplace_back("x-amz-content-sha256", to_sign.payload);
  to_sign.headers.emplace_back("x-amz-date", AmzDate(time));
  if (!keys.session_token.empty()) to_sign.headers.emplace_back("x-amz-security-token", keys.session_token.Reveal());
  std::vector<std::string> headers;
  for (const auto& [name, value] : to_sign.headers) headers.push_back(fmt::format("{}: {}", name, value));
  headers.push_back("Authorization: " + S3Authorization(to_sign, keys, place.region, time));
  const bool has_type =
      std::ranges::find(request.headers, "content-type", &S3Pairs::value_type::first) != request.headers.end();
  if (!has_type) headers.emplace_back("Content-Type:");  // curl would send one that is not signed
  return headers;
}

std::unique_ptr<CurlConnection> S3Client::TakeConnection() {
  const MutexLock lock(mutex_);
  if (connections_.empty()) return std::make_unique<CurlConnection>();
  auto connection = std::move(connections_.back());
  connections_.pop_back();
  return connection;
}

void S3Client::ReturnConnection(std::unique_ptr<CurlConnection> connection) {
  const MutexLock lock(mutex_);
  connections_.push_back(std::move(connection));
}

Outcome S3Client::Attempt(const S3Request& request, const S3Keys& keys, const HttpOptions& options,
                          Transfer& transfer) {
  const Place place = PlaceOf(request);
  const std::string query = S3Query(request.query);
  const std::string url = place.url + (query.empty() ? "" : "?" + query);
  transfer.reports_upload = !request.sink;
  transfer.sink = [&](std::string_view bytes) {
    const int status = static_cast<int>(transfer.Status());
    if (request.sink && (status == 200 || status == 206)) {
      Result<void> taken = request.sink(transfer.response, status, bytes);
      if (taken) return true;
      transfer.failure = std::move(taken).error();
      return false;
    }
    const size_t limit = status == 200 ? options.max_body_bytes : kMaxErrorBytes;
    if (transfer.response.body.size() + bytes.size() > limit) {
      transfer.failure = Error{ErrorCode::kNetwork, fmt::format("{}: the answer is too long", Shown(request.key)), {}};
      return false;
    }
    transfer.response.body += bytes;
    return true;
  };
  std::unique_ptr<CurlConnection> connection = TakeConnection();
  Outcome outcome = connection->Perform(
      options,
      {.url = url, .method = request.method, .headers = SignedHeaders(request, place, keys), .body = request.body},
      transfer);
  ReturnConnection(std::move(connection));
  LogDebug("{} {}: {}", NameOf(request.method), Shown(request.key),
           outcome.code == CURLE_OK ? fmt::format("status {}", transfer.response.status) : outcome.message);
  return outcome;
}

Result<S3Answer> S3Client::Send(const S3Request& request) {
  HttpOptions options = http_;
  bool brought_bytes = false;
  options.progress = [&](uint64_t done, uint64_t total) {
    // Retries asks with two zeros while it waits.
    return !request.progress || request.progress(done == 0 && total == 0 ? 0 : done);
  };
  S3Request attempt = request;
  if (request.sink) {
    attempt.sink = [&](const HttpAnswer& head, int status, std::string_view bytes) {
      brought_bytes = true;
      return request.sink(head, status, bytes);
    };
  }
  Remedies remedies;
  std::optional<Retries> retries(options);
  for (;;) {
    const S3Keys keys = TRY(credentials_.Keys(Now()));
    {
      const MutexLock lock(mutex_);
      last_keys_ = keys;
    }
    Transfer transfer;
    brought_bytes = false;
    const Outcome outcome = Attempt(attempt, keys, options, transfer);
    if (transfer.cancelled) return Fail(ErrorCode::kCancelled, Shown(request.key) + ": cancelled");
    if (transfer.failure) return std::unexpected(std::move(*transfer.failure));
    S3Answer answer{std::move(transfer.response), std::nullopt};
    HttpAnswer judged = answer.http;
    judged.body.clear();
    if (outcome.code == CURLE_OK) {
      if (!answer.http.ok() || request.expects_document) answer.error = ParseS3Error(answer.http.body);
      const bool cut_short = answer.ok() && request.expects_document && !ParseXml(answer.http.body);
      if (answer.ok() && !cut_short) return answer;
      if (Remedy(answer, keys, remedies)) continue;
      if (cut_short || (answer.error && IsTemporary(answer.error->code))) judged.status = 503;
    }
    if (brought_bytes) retries.emplace(options);
    bool cancelled = false;
    if (retries->Again(outcome, judged, cancelled)) continue;
    if (cancelled) return Fail(ErrorCode::kCancelled, Shown(request.key) + ": cancelled");
    if (outcome.code == CURLE_OK) {
      if (answer.ok()) TRY(ParseXml(answer.http.body));  // says what is wrong with it
      return answer;
    }
    Error error = NetworkError(PlaceOf(request).url, options, outcome);
    error.message = keys.secret_access_key.Redact(keys.session_token.Redact(std::move(error.message)));
    return std::unexpected(std::move(error));
  }
}

bool S3Client::Remedy(const S3Answer& answer, const S3Keys& keys, Remedies& remedies) {
  const int status = answer.status();
  const bool refused = status == 400 || status == 401 || status == 403;
  if (!remedies.time && refused && AdoptTime(answer.http)) return remedies.time = true;
  if (!remedies.region && AdoptRegion(answer)) return remedies.region = true;
  // A HEAD request's answer has no body and so no code. Keys that were exchanged in their file are unknown, or do not
  // match, from the moment on when the former ones are removed.
  const bool unexplained = !answer.error && (status == 400 || status == 403);
  const bool expired = unexplained || answer.Is("ExpiredToken") || answer.Is("ExpiredTokenException") ||
                       answer.Is("TokenRefreshRequired") || answer.Is("InvalidAccessKeyId") ||
                       answer.Is("SignatureDoesNotMatch");
  if (!remedies.credentials && expired) {
    credentials_.Expire(keys);
    return remedies.credentials = true;
  }
  return false;
}

bool S3Client::AdoptTime(const HttpAnswer& answer) {
  const std::optional<S3Time> theirs = ParseHttpDate(answer.LastHeader("date").value_or(""));
  if (!theirs) return false;
  const milliseconds difference = *theirs - std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  if (std::chrono::abs(difference - milliseconds(clock_difference_.load())) <= kTolerance) return false;
  clock_difference_ = difference.count();
  LogWarning(
      "{}: the clock of this machine differs from that of the storage service by {} seconds; requests are signed "
      "with the time of the service",
      address_.name, std::chrono::duration_cast<std::chrono::seconds>(difference).count());
  return true;
}

bool S3Client::AdoptRegion(const S3Answer& answer) {
  if (address_.is_google) return false;
  std::string region = answer.http.LastHeader("x-amz-bucket-region").value_or("");
  if (region.empty() && answer.error) region = answer.error->region;
  const bool valid = !region.empty() && region.size() <= 64 &&
                     std::ranges::all_of(region, [](char c) { return IsAsciiLower(c) || IsAsciiDigit(c) || c == '-'; });
  const MutexLock lock(mutex_);
  if (!valid || region == region_) return false;
  LogInfo("{}: the bucket is in the region {}, not {}", address_.name, region, region_);
  if (endpoint_ == AwsEndpoint(region_)) endpoint_ = AwsEndpoint(region);
  region_ = region;
  return true;
}

Error S3Client::Refusal(const S3Answer& answer, std::string_view key, std::string_view doing,
                        std::string_view permission) const {
  Error error = S3Refusal(answer.status(), answer.error.value_or(S3ErrorAnswer{}), Shown(key), doing, permission);
  const MutexLock lock(mutex_);
  error.message = last_keys_.secret_access_key.Redact(last_keys_.session_token.Redact(std::move(error.message)));
  return error;
}

}  // namespace winnow
