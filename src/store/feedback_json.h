/// Feedback events as JSON lines, for the spool.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/records.h"

namespace winnow {

/// Returns the event on one line, without a line end.
std::string FeedbackLine(const FeedbackEvent& event);

/// Reads what FeedbackLine returned. Errors: kInvalidData.
Result<FeedbackEvent> ParseFeedbackLine(std::string_view line);

/// Returns the SHA-256 of what the event says: of everything but its key and time.
std::string DigestOf(const FeedbackEvent& event);

}  // namespace winnow
