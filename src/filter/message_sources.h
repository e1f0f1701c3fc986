/// Messages from mail and from JSON lines.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "filter/message.h"
#include "mail/mail_message.h"

namespace winnow {

/// Returns a decoded mail as a message. The sender is the address in From, which readers see.
FilterMessage MessageOfMail(const MailMessage& mail);

/// Reads a JSON object with "text", or "subject" and "body", and perhaps "sender", "sender_name", "recipient" and
/// "user"; other fields are ignored. Errors: kInvalidData, which begins with `place`, for a text that is no such
/// object.
Result<FilterMessage> MessageOfJson(std::string_view json, const std::string& place);

}  // namespace winnow
