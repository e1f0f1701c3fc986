/// Messages as mail systems hand them over (RFC 5322, MIME) -> fields of text. docs/mail.md states what is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "mail/mail_limits.h"

namespace winnow {

struct MailAddress {
  std::string name;     ///< display name, decoded; may be empty
  std::string address;  ///< "joe@example.com"; may be empty

  /// Returns "Joe <joe@example.com>", or the one that is not empty.
  std::string Text() const;
};

struct MailHeader {
  std::string name;   ///< as written
  std::string value;  ///< unfolded and decoded
};

/// One part of a message that has no parts of its own.
struct MailPart {
  std::string type;  ///< "text/plain", in lower case
  std::string name;  ///< file name, decoded, or empty
  size_t size = 0;   ///< bytes in the message, before the transfer encoding is undone
  bool attachment = false;
};

struct MailLink {
  std::string href;
  std::string text;  ///< the text that readers see in its place; the address itself in plain text
};

/// A decoded message. All texts are valid UTF-8 without NUL.
struct MailMessage {
  std::string subject;
  MailAddress from;
  bool several_authors = false;  ///< there are further addresses in From, or further fields From
  MailAddress sender;            ///< address of the field Sender, or `from` without one
  std::vector<MailAddress> to;
  std::string date;        ///< in UTC: "2026-11-28T20:00:00Z"; empty if there is none that can be read
  std::string message_id;  ///< without its angle brackets
  std::vector<MailHeader> headers;
  std::string body;  ///< what a reader sees, lines ending with "\n"
  std::vector<MailPart> parts;
  std::vector<MailLink> links;
  std::vector<std::string> notes;  ///< notes on what was broken, cut or not readable, each once

  /// Returns the value of the first header field with that name, ignoring case, or null.
  const std::string* Header(std::string_view name) const;
  Json ToJson() const;
};

/// Decodes a message: with CRLF, LF or CR as line ends, with or without the "From " line of an mbox file. Any bytes are
/// a message: what is broken is read as far as possible, and noted. Time and memory are linear in the size of `raw` and
/// bounded by `limits`. Errors: kInvalidData for an empty message. Thread-safe.
Result<MailMessage> ReadMail(std::string_view raw, const MailLimits& limits = {});

}  // namespace winnow
