#include "net/http.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/transfer.h"

namespace winnow {
namespace {

Result<HttpAnswer> Request(CurlConnection& connection, const HttpOptions& options, const HttpCall& call) {
  Retries retries(options);
  for (;;) {
    Transfer transfer;
    transfer.sink = [&](std::string_view bytes) {
      std::string& body = transfer.response.body;
      if (bytes.size() > options.max_body_bytes - body.size()) {
        transfer.failure = Error{
            ErrorCode::kNetwork,
            fmt::format("{}: the response is larger than {} bytes", Shown(call.url, options), options.max_body_bytes),
            {}};
        return false;
      }
      body += bytes;
      return true;
    };
    const Outcome outcome = connection.Perform(options, call, transfer);
    if (transfer.cancelled) return Cancelled(call.url, options);
    if (transfer.failure) return std::unexpected(std::move(*transfer.failure));
    bool cancelled = false;
    if (retries.Again(outcome, transfer.response, cancelled)) continue;
    if (cancelled) return Cancelled(call.url, options);
    if (outcome.code != CURLE_OK) return std::unexpected(NetworkError(call.url, options, outcome));
    return std::move(transfer.response);
  }
}

}  // namespace

struct HttpClient::Parts {
  HttpOptions options;
  CurlConnection connection = {};
};

HttpClient::HttpClient(HttpOptions options) : parts_(new Parts{std::move(options)}) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::Get(const std::string& url) {
  return Request(parts_->connection, parts_->options, {.url = url});
}

Result<HttpAnswer> HttpClient::Head(const std::string& url) {
  return Request(parts_->connection, parts_->options, {.url = url, .method = HttpMethod::kHead});
}

namespace {

Result<HttpAnswer> Upload(CurlConnection& connection, HttpOptions options, HttpMethod method, const std::string& url,
                          std::string_view body, const std::string& content_type, std::vector<std::string> headers) {
  options.follow_redirects = false;  // curl would go on with GET
  headers.push_back("Content-Type: " + content_type);
  return Request(connection, options, {.url = url, .method = method, .headers = std::move(headers), .body = body});
}

}  // namespace

Result<HttpAnswer> HttpClient::Post(const std::string& url, std::string_view body, const std::string& content_type,
                                    std::vector<std::string> headers) {
  return Upload(parts_->connection, parts_->options, HttpMethod::kPost, url, body, content_type, std::move(headers));
}

Result<HttpAnswer> HttpClient::Put(const std::string& url, std::string_view body, const std::string& content_type,
                                   std::vector<std::string> headers) {
  return Upload(parts_->connection, parts_->options, HttpMethod::kPut, url, body, content_type, std::move(headers));
}

std::optional<std::string> HttpAnswer::LastHeader(std::string_view name) const {
  for (auto each = headers.rbegin(); each != headers.rend(); ++each) {
    if (each->first == name) return each->second;
  }
  return std::nullopt;
}

Result<HttpAnswer> HttpGet(const std::string& url, const HttpOptions& options) { return HttpClient(options).Get(url); }

Result<HttpAnswer> HttpHead(const std::string& url, const HttpOptions& options) {
  return HttpClient(options).Head(url);
}

Result<void> RequireOk(const std::string& url, const HttpAnswer& response) {
  if (response.ok()) return {};
  std::string meaning;
  if (response.status == 401) meaning = " (unauthorized)";
  if (response.status == 403) meaning = " (forbidden)";
  if (response.status == 404) meaning = " (not found)";
  if (response.status == 429) meaning = " (too many requests)";
  return Fail(response.status == 404 ? ErrorCode::kNotFound : ErrorCode::kNetwork,
              fmt::format("{}: the server responded with status {}{}", Shown(url), response.status, meaning));
}

}  // namespace winnow
