/// A client of POST /checkv2, the protocol of rspamd, which `winnow serve --filter` speaks: asks whether a message of
/// mail is spam.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/server_client.h"

namespace winnow {

/// What a mail server knows about a message besides its contents. Members are empty if unknown.
struct MailDelivery {
  std::string sender = {};                   ///< address of MAIL FROM without angle brackets; empty for a bounce
  std::vector<std::string> recipients = {};  ///< addresses of RCPT TO without angle brackets
  std::string client_address = {};           ///< IP address of the SMTP client
  std::string client_name = {};              ///< host name of the SMTP client
  std::string helo = {};                     ///< argument of HELO or EHLO
  std::string queue_id = {};                 ///< queue ID of the message in the mail server
  std::string user = {};                     ///< name by which the SMTP client has authenticated
};

struct MailVerdict {
  bool is_spam = false;       ///< true for the actions "add header", "rewrite subject" and "reject"
  std::string action;         ///< action of the response
  double score = 0;           ///< sum of the scores of the symbols
  double required_score = 0;  ///< score from which a message is spam
  /// Names of the symbols with their scores, in the order of the response.
  std::vector<std::pair<std::string, double>> symbols;
};

/// The reasons why a message has no verdict.
enum class MailCheckFailure {
  kNoResponse,     ///< the server cannot be reached, or the connection broke
  kTimeout,        ///< no response arrived in time
  kAccess,         ///< the API key is missing, not valid or has not the role (401, 403)
  kBusy,           ///< the server has too many requests (429)
  kTooLarge,       ///< the message is larger than the server accepts (413)
  kServerError,    ///< the server failed (5xx) or refused the request
  kOtherResponse,  ///< the response is not one of /checkv2
};

struct MailCheckError {
  MailCheckFailure kind = MailCheckFailure::kNoResponse;
  std::string message;  ///< names the server; contains no line ends
};

struct MailCheckOptions {
  ServerAddress server;
  std::string api_key = {};                   ///< API key; empty: none
  std::chrono::milliseconds timeout{10'000};  ///< time within which a verdict must arrive, retries included
};

/// One connection to a server, which is kept for the next message. A server that does not listen for a moment, because
/// it restarts, is asked twice more within half a second. Not thread-safe: each thread needs its own.
class MailCheckClient {
 public:
  explicit MailCheckClient(const MailCheckOptions& options);
  MailCheckClient(MailCheckClient&&) noexcept;
  MailCheckClient& operator=(MailCheckClient&&) noexcept;
  ~MailCheckClient();

  /// Returns the verdict about a message: `mail` are its bytes as RFC 5322 defines them.
  std::expected<MailVerdict, MailCheckError> Check(std::string_view mail, const MailDelivery& delivery);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Returns the headers of a request about a delivery: "From: a@example.org". Control characters are left out of values,
/// and values and recipients beyond what a header of a request can hold.
std::vector<std::string> DeliveryHeaders(const MailDelivery& delivery);

/// Reads the body of a response of /checkv2; nothing if it is not one.
std::optional<MailVerdict> ReadMailVerdict(std::string_view body);

}  // namespace winnow
