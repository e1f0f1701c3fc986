/// What other spam filters write into messages. It states the verdict of a filter, so a model that is trained on it
/// learns to find the mark instead of spam.
#pragma once

#include <string_view>

namespace winnow {

/// Returns the message in a report of SpamAssassin, which wraps spam by default (report_safe): the part that has the
/// parameter x-spam-type=original. Returns `raw` for any other message. A sender can write this parameter, too, so it
/// is for training data, whose labels people have chosen, and not for verdicts.
std::string_view OriginalInReport(std::string_view raw);

/// Returns the subject without the marks of filters at its beginning: "*****SPAM*****", "[SPAM 12.3]",
/// "{Possible spam?}", "SPAM:". A view into `subject`.
std::string_view WithoutSpamMarks(std::string_view subject);

/// Returns true if the header fields of a message say that a filter has judged it to be spam: X-Spam or X-Spam-Flag, or
/// X-Spam-Status that begins with "Yes".
bool IsSpamField(std::string_view name, std::string_view value);

}  // namespace winnow
