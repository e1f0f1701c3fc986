/// What a milter has the mail server do with a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/mail_check_client.h"

namespace winnow {

/// What happens to spam.
enum class SpamAction { kHeader, kQuarantine, kReject };
/// What happens to messages that cannot be checked.
enum class ErrorAction { kAccept, kTempFail };

struct MilterAnswer {
  enum class Disposition { kDeliver, kQuarantine, kReject, kTempFail };
  Disposition disposition = Disposition::kDeliver;
  /// Headers to add, after those of these names that arrived with the message have been removed. Values of several
  /// lines have LF and a tab between the lines.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Returns the answer for a message with a verdict: X-Spam, X-Spam-Score and X-Spam-Symbols.
MilterAnswer AnswerFor(const MailVerdict& verdict, SpamAction on_spam);

/// Returns the answer for a message of `size` bytes that is delivered without a check because it is too large:
/// X-Spam-Skipped.
MilterAnswer AnswerForLarge(size_t size);

/// Returns the answer for a message whose check failed.
MilterAnswer AnswerForFailure(ErrorAction on_error);

}  // namespace winnow
