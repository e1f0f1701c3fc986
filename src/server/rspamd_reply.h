/// Verdicts as rspamd 3 answers /checkv2.
///
/// A message is spam from a score of 6, as in rspamd's default set-up, where that is the threshold of "add header". The
/// score is 6 plus the log-odds by which the message is above its decision threshold t:
///
///     score = 6 + ln(p / (1 - p)) - ln(t / (1 - t))
///
/// p is the probability of spam. A step that decides before the classifier decides whatever the threshold; its score is
/// moved to the side of 6 that it stands for. So the score is at least 6 exactly if the verdict is spam.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "filter/message.h"
#include "filter/verdict.h"

namespace winnow {

struct RspamdOptions {
  /// Score from which the action is "reject"; nothing: no message is to be rejected. More than kRspamdSpamScore.
  std::optional<double> reject_score = {};
  /// Subject of spam, in which %s stands for the message's own; if it is not empty, the action for spam is "rewrite
  /// subject" in place of "add header".
  std::string subject = {};
};

inline constexpr double kRspamdSpamScore = 6;

/// Returns the score of a verdict as above, rounded to four decimals.
double RspamdScore(const Verdict& verdict);

/// Returns "no action", "add header", "rewrite subject" or "reject".
std::string RspamdAction(const Verdict& verdict, const RspamdOptions& options);

/// Returns the header fields that a mail server adds to the message: X-Spam-Status, X-Spam-Level from a score of 1 on,
/// and X-Spam-Flag if it is spam. It first removes the fields of kSpamHeaders that the message came with.
std::vector<std::pair<std::string, std::string>> SpamHeaders(const Verdict& verdict);
inline constexpr const char* kSpamHeaders[] = {"X-Spam", "X-Spam-Flag", "X-Spam-Level", "X-Spam-Status"};

/// Returns the subject as the sender wrote it: without what the action "rewrite subject" with `pattern` has added. A
/// mark in what people report would be learnt as a sign of spam or ham. A pattern without %s leaves nothing of the
/// sender's.
std::string UnmarkedSubject(const std::string& pattern, std::string_view subject);

/// Returns the document that answers /checkv2. `seconds`: time that the check took. The scores of the symbols add up to
/// that of the message; WINNOW_THRESHOLD is the difference between it and the evidence. The member "winnow" is the
/// verdict in our own form.
Json RspamdReply(const FilterMessage& message, const std::string& message_id, const Verdict& verdict,
                 const RspamdOptions& options, double seconds);

}  // namespace winnow
