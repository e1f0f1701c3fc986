/// A rule made of one message: the words, the phrase or the host of a link by which it differs from the messages that
/// the rule must not hit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/rules_edit.h"

namespace winnow {

struct SuggestedRule {
  RuleText rule;
  std::string shown;           ///< what the rule looks for, in the words of the message
  size_t same = 0, other = 0;  ///< number of counted messages of the message's own kind, and of the other, that have it
};

/// Counts how many messages have each of the phrases of a text, of one to four words, and each host of its links. Of
/// two phrases, the one with the higher estimated precision is better, and of phrases that are about as precise, the
/// one that more messages of the same kind have. A phrase of few words needs more evidence than one of several, since
/// it is in more messages that were not counted. Not thread-safe.
class RuleSuggester {
 public:
  /// `is_spam`: whether the rule is to find spam, or ham.
  RuleSuggester(std::string_view text, bool is_spam);

  /// Counts a message of which is known, or was judged, whether it is spam.
  void Count(std::string_view text, bool is_spam);

  /// Returns the rule, whose name is not in `taken`.
  SuggestedRule Suggest(const std::set<std::string, std::less<>>& taken) const;

 private:
  struct Candidate {
    std::string text;  ///< the words with single spaces, or the host
    size_t words = 0;  ///< 0: a host
    size_t same = 0, other = 0;
    uint64_t seen_in = 0;  ///< number of the last message that has it
    double Value() const;
  };
  void Note(const std::string& key, bool is_same);

  const std::string text_;
  const bool is_spam_;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::string, size_t> index_;  ///< of candidates: by their words, or "//" and the host
  uint64_t messages_ = 0;
};

}  // namespace winnow
