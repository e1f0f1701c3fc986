/// Requests of rspamd's protocol (https://rspamd.com/doc/developers/protocol.html): a message as the body, and what is
/// known about its delivery in header fields of HTTP.
#pragma once

#include <string>

#include "filter/message.h"
#include "server/api_error.h"
#include "server/http.h"

namespace winnow {

/// A message with its envelope.
struct RspamdRequest {
  FilterMessage message;
  std::string message_id;  ///< the mail's Message-ID without angle brackets; empty if it has none
};

/// Decodes the body, and adds the envelope. The user of the message is the value of Deliver-To, else the first Rcpt,
/// else User; rspamd takes the first two in this order for its statistics of users, and then To of the message, which
/// the sender chooses. Takes a time that is linear in the size of the body. Errors: 400 for an empty body; 415 for one
/// that is compressed or encrypted as rspamd's clients do on demand; 422 for a name of a user that cannot be stored.
ApiResult<RspamdRequest> ReadRspamdRequest(const HttpRequest& request);

}  // namespace winnow
