#include "server/rspamd_request.h"

#include "filter/message_sources.h"
#include "mail/mail_message.h"
#include "server/filter_request.h"
#include "server/header_values.h"
#include "store/user_name.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Returns a mail address without its angle brackets and in lower case, as rspamd does, or another name as it is.
std::string AddressIn(std::string_view value) {
  value = TrimmedValue(value);
  if (value.starts_with('<') && value.ends_with('>')) value = TrimmedValue(value.substr(1, value.size() - 2));
  return NormalUser(value);
}

/// Returns the first name that is not empty; "<>", the sender of a bounce, is.
ApiResult<std::string> UserOf(const HttpRequest& request) {
  for (const auto& [header, name] :
       {std::pair{"deliver-to", "Deliver-To"}, std::pair{"rcpt", "Rcpt"}, std::pair{"user", "User"}}) {
    std::string user = AddressIn(request.Header(header));
    if (user.empty()) continue;
    TRY(CheckName(user, name));
    return user;
  }
  return std::string();
}

ApiResult<void> CheckEncoding(const HttpRequest& request) {
  if (!request.Header("compression").empty()) {
    return Reject(415, "Validation",
                  "Compression: zstd is not supported; send the message as it is, or with Content-Encoding: gzip");
  }
  if (!request.Header("key").empty()) {
    return Reject(
        415, "Validation",
        "encrypted requests (HTTPCrypt) are not supported; leave out the public key, and use TLS in its place");
  }
  if (request.body.empty()) {
    return Reject(400, "Validation", "the request has no body; send the message (RFC 5322) as the body");
  }
  return {};
}

bool IsYes(std::string_view value) {
  return EqualsIgnoringCase(value, "yes") || EqualsIgnoringCase(value, "true") || value == "1";
}

}  // namespace

ApiResult<RspamdRequest> ReadRspamdRequest(const HttpRequest& request) {
  TRY(CheckEncoding(request));
  RspamdRequest read;
  FilterMessage& message = read.message;
  if (IsYes(request.Header("raw"))) {
    message.body = request.body;
  } else if (const Result<MailMessage> mail = ReadMail(request.body)) {  // else it has nothing but line ends
    message = MessageOfMail(*mail);
    read.message_id = mail->message_id;
  }
  message.user = TRY(UserOf(request));
  if (IsBlank(message.subject)) message.subject = request.Header("subject");
  if (message.sender.empty()) message.sender = AddressIn(request.Header("from"));
  if (std::string recipient = AddressIn(request.Header("rcpt")); !recipient.empty()) {
    message.recipient = std::move(recipient);
  }
  return read;
}

}  // namespace winnow
