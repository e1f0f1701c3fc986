#include "client/mail_check_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/json.h"
#include "base/log.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLongestValue = 500;  // of a header; the addresses of SMTP have 254 bytes at most (RFC 5321, 4.5.3.1)
// Of all recipients: a sender who names many must not make the header larger than servers accept, and pass unchecked.
constexpr size_t kMostRecipientBytes = 3000;
constexpr size_t kLongestMessage = 300;  // of what a server says
// Actions of rspamd that are not about spam: see lua_util and "actions" in its documentation.
constexpr std::array<std::string_view, 3> kHamActions = {"no action", "greylist", "soft reject"};

void AddHeader(std::string_view name, std::string_view value, std::vector<std::string>& headers) {
  std::string clean;
  for (const char c : value.substr(0, kLongestValue)) {
    if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') clean += c;
  }
  if (!clean.empty()) headers.push_back(fmt::format("{}: {}", name, clean));
}

double NumberOf(const Json& object, const char* name) {
  const Json* const found = object.Find(name);
  return found != nullptr && found->is_number() ? found->get<double>() : 0;
}

/// What a server of ours says went wrong; empty for other bodies.
std::string MessageOf(const HttpAnswer& answer) {
  const Result<Json> json = ParseJsonLeniently(answer.body, JsonOrder::kAsWritten);
  if (!json || !json->is_object()) return "";
  const Json* const error = json->Find("error");
  if (error == nullptr || !error->is_string()) return "";
  return Printable(error->str().substr(0, kLongestMessage));
}

MailCheckError Refused(const ServerAddress& server, const HttpAnswer& answer) {
  MailCheckError error{MailCheckFailure::kServerError, ""};
  switch (answer.status) {
    case 401:
    case 403:
      error.kind = MailCheckFailure::kAccess;
      break;
    case 404:
      error.kind = MailCheckFailure::kOtherResponse;
      break;
    case 413:
      error.kind = MailCheckFailure::kTooLarge;
      break;
    case 429:
      error.kind = MailCheckFailure::kBusy;
      break;
    default:
      break;
  }
  const std::string said = MessageOf(answer);
  error.message =
      fmt::format("{}: {} (status {})", server.shown, said.empty() ? "POST /checkv2 failed" : said, answer.status);
  if (answer.status == 404) error.message += "; is it a server with --filter?";
  return error;
}

}  // namespace

struct MailCheckClient::Parts {
  MailCheckOptions options;
  Clock::time_point deadline = {};
  std::optional<HttpClient> client = {};
};

MailCheckClient::MailCheckClient(const MailCheckOptions& options) : parts_(new Parts{options}) {
  HttpOptions http;
  http.bearer_token = options.api_key;
  http.unix_socket = options.server.unix_socket;
  http.follow_redirects = false;  // the key and the mail are for this server
  http.retries = http.unanswered_retries = 2;
  http.backoff = std::chrono::milliseconds(150);
  http.connect_timeout = http.attempt_timeout = options.timeout;
  http.max_body_bytes = 4 << 20;
  http.progress = [parts = parts_.get()](uint64_t, uint64_t) { return Clock::now() < parts->deadline; };
  parts_->client.emplace(std::move(http));
}

MailCheckClient::MailCheckClient(MailCheckClient&&) noexcept = default;
MailCheckClient& MailCheckClient::operator=(MailCheckClient&&) noexcept = default;
MailCheckClient::~MailCheckClient() = default;

std::expected<MailVerdict, MailCheckError> MailCheckClient::Check(std::string_view mail, const MailDelivery& delivery) {
  const ServerAddress& server = parts_->options.server;
  parts_->deadline = Clock::now() + parts_->options.timeout;
  const Result<HttpAnswer> answer =
      parts_->client->Post(server.base + "/checkv2", mail, "message/rfc822", DeliveryHeaders(delivery));
  if (!answer) {
    if (answer.error().code == ErrorCode::kCancelled || Clock::now() >= parts_->deadline) {
      return std::unexpected(
          MailCheckError{MailCheckFailure::kTimeout,
                         fmt::format("{}: no response within {} ms", server.shown, parts_->options.timeout.count())});
    }
    return std::unexpected(MailCheckError{MailCheckFailure::kNoResponse, Printable(answer.error().message)});
  }
  if (!answer->ok()) return std::unexpected(Refused(server, *answer));
  std::optional<MailVerdict> verdict = ReadMailVerdict(answer->body);
  if (verdict) return *std::move(verdict);
  return std::unexpected(
      MailCheckError{MailCheckFailure::kOtherResponse,
                     fmt::format("{}: the response to POST /checkv2 is not a verdict", server.shown)});
}

std::vector<std::string> DeliveryHeaders(const MailDelivery& delivery) {
  std::vector<std::string> headers;
  AddHeader("From", delivery.sender, headers);
  size_t bytes = 0;
  for (const std::string& recipient : delivery.recipients) {
    bytes += recipient.size() + std::string_view("Rcpt: \r\n").size();
    if (bytes > kMostRecipientBytes && &recipient != &delivery.recipients.front()) break;
    AddHeader("Rcpt", recipient, headers);
  }
  AddHeader("IP", delivery.client_address, headers);
  AddHeader("Hostname", delivery.client_name, headers);
  AddHeader("Helo", delivery.helo, headers);
  AddHeader("Queue-Id", delivery.queue_id, headers);
  AddHeader("User", delivery.user, headers);
  return headers;
}

std::optional<MailVerdict> ReadMailVerdict(std::string_view body) {
  const Result<Json> json = ParseJsonLeniently(body, JsonOrder::kAsWritten);
  if (!json || !json->is_object()) return std::nullopt;
  const Json* const action = json->Find("action");
  const Json* const score = json->Find("score");
  if (action == nullptr || !action->is_string() || score == nullptr || !score->is_number()) return std::nullopt;
  MailVerdict verdict;
  verdict.action = action->str();
  verdict.is_spam = std::ranges::find(kHamActions, verdict.action) == kHamActions.end();
  verdict.score = NumberOf(*json, "score");
  verdict.required_score = NumberOf(*json, "required_score");
  if (!std::isfinite(verdict.score) || !std::isfinite(verdict.required_score)) return std::nullopt;
  if (const Json* const symbols = json->Find("symbols"); symbols != nullptr && symbols->is_object()) {
    for (const auto& [name, symbol] : symbols->items()) verdict.symbols.emplace_back(name, NumberOf(symbol, "score"));
  }
  return verdict;
}

}  // namespace winnow
