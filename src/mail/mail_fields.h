/// A message as the fields of a row of training data.
#pragma once

#include <string>
#include <string_view>

#include "mail/mail_message.h"

namespace winnow {

/// Returns the subject, a line end and the body, or the one that is not blank.
std::string SubjectAndBody(std::string_view subject, std::string_view body);

/// The fields of a message.
struct MailFields {
  std::string subject;
  std::string body;
  std::string from;    ///< "Joe <joe@example.com>"
  std::string sender;  ///< the address of the sender alone
  std::string to;      ///< addresses with their names, divided by ", "
  std::string text;    ///< SubjectAndBody

  explicit MailFields(const MailMessage& message);

  /// Returns the field with that name; empty for other names.
  std::string_view Find(std::string_view name) const;
};

}  // namespace winnow
