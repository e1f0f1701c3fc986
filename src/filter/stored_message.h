/// Texts of the store as the messages that they were.
#pragma once

#include <string>

#include "filter/message.h"
#include "text/text_template.h"

namespace winnow {

/// Returns a stored text as a message for a model with this template, or null for none. The text of a stored mail is
/// its subject, a line end and its body (SubjectAndBody); for a template with the fields subject and body it is divided
/// there again, so that feedback looks like the data and like the mail to come. A text of one line is a body.
FilterMessage MessageOfStoredText(std::string text, const TextTemplate* text_template);

}  // namespace winnow
