/// A message as the filter sees it, however it arrived: mail, SMS or a text on the command line.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace winnow {

/// What text templates find in a mail under these names: the same as in training data that was imported from mail
/// (MailFields).
struct MailParties {
  std::string from, sender, to;
};

/// The fields of a message. Any bytes are allowed; a field that the message does not have is empty.
struct FilterMessage {
  std::string text;         ///< the whole text, as a classifier reads it; empty: the subject and the body
  std::string subject;      ///< subject of a mail
  std::string body;         ///< body of a mail; empty in a message without a subject: the text
  std::string sender;       ///< address or telephone number: "joe@example.com", "+4930123456"
  std::string sender_name;  ///< display name of the sender
  std::string recipient;    ///< address or telephone number
  std::string user;         ///< user whose message it is, as the caller identifies users
  MailParties parties;      ///< addresses of a mail; empty: text templates find `sender` and `recipient`
  std::vector<std::pair<std::string, std::string>> headers;  ///< names and values of a mail's header fields, in order
  std::vector<std::string> links = {};                       ///< addresses of web pages behind texts and images of HTML
  bool several_authors = false;  ///< From of a mail has several addresses, or there are several fields From
};

}  // namespace winnow
