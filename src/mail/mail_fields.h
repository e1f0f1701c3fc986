/// A message as the fields of a row, for text templates such as "{subject} [SEP] {body:400}".
#pragma once

#include <string>
#include <string_view>

#include "mail/mail_message.h"
#include "text/input_text.h"
#include "text/text_template.h"

namespace winnow {

/// The fields of a message. The text is the subject, a line end and the body, or the one that is not blank.
struct MailFields {
  std::string subject;
  std::string body;
  std::string from;    ///< "Joe <joe@example.com>"
  std::string sender;  ///< the address of the sender alone
  std::string to;      ///< addresses with their names, divided by ", "
  std::string text;

  explicit MailFields(const MailMessage& message);

  /// Returns the field with that name; empty for other names.
  std::string_view Find(std::string_view name) const;
  /// Returns the text for a model: what its template makes of the fields, or `text` without a template.
  InputText ForModel(const TextTemplate* model_template) const;
};

}  // namespace winnow
