#include "mail/mail_fields.h"

#include "text/text_parts.h"

namespace winnow {

std::string SubjectAndBody(std::string_view subject, std::string_view body) {
  std::string text(subject);
  if (!IsBlank(subject) && !IsBlank(body)) text += '\n';
  if (!IsBlank(body)) text += body;
  return text;
}

MailFields::MailFields(const MailMessage& message)
    : subject(message.subject),
      body(message.body),
      from(message.from.Text()),
      sender(message.sender.address.empty() ? message.from.address : message.sender.address) {
  while (body.ends_with('\n')) body.pop_back();
  for (const MailAddress& address : message.to) {
    if (!to.empty()) to += ", ";
    to += address.Text();
  }
  text = SubjectAndBody(subject, body);
}

std::string_view MailFields::Find(std::string_view name) const {
  if (name == "subject") return subject;
  if (name == "body") return body;
  if (name == "from") return from;
  if (name == "sender") return sender;
  if (name == "to") return to;
  return name == "text" ? std::string_view(text) : std::string_view();
}

}  // namespace winnow
