/// The text of a message from its parts.
#pragma once

#include <string>
#include <vector>

#include "mail/mail_message.h"
#include "mail/mail_structure.h"

namespace winnow {

/// What a reader sees of a message or a part.
struct BodyText {
  std::string text;
  bool from_html = false;
  std::vector<MailLink> links;
};

/// Joins the texts of all parts: of alternatives one, of related parts the first, of a signed message the one inside,
/// and of other multiparts all that are not attachments. If there are none, the texts of attachments count. Notes what
/// could not be read.
BodyText ReadBody(MailStructure& structure, const MailLimits& limits, MailNotes& notes);

/// Returns the charset of the first part that is labelled, for header fields without an encoding.
std::string FirstCharset(const MailStructure& structure);

}  // namespace winnow
