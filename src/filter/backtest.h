/// Rules on the messages of the history: how they have done, and what others would have decided.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "filter/evidence.h"
#include "filter/rule_set.h"
#include "filter/rule_statistics.h"
#include "store/records.h"

namespace winnow {

/// Returns the symbols of rules in a message of the history, without those of the other steps.
std::vector<Symbol> RuleSymbolsOf(const MessageRecord& message);

/// How often each symbol of a rule is in the history, and how often rightly. Not thread-safe.
class RuleHistory {
 public:
  /// `truth` is what people know about the message.
  void Add(const MessageRecord& message, std::optional<bool> truth);

  size_t messages() const { return messages_; }
  std::string Text() const;
  Json ToJson() const;

 private:
  struct Counts {
    double score = 0;  // the last one
    size_t hits = 0, judged_spam = 0;
    RuleCounts known;
  };

  size_t messages_ = 0, known_ = 0;
  std::map<std::string, Counts> rules_;
};

struct BacktestOptions {
  EvidenceWeights weights = {};  ///< weights of the server
  size_t examples = 5;           ///< number of changed messages, and of messages that the watched rule hits, to show
  std::string watched = {};      ///< name of a rule of which hits are counted; empty: none
};

/// The messages that a rule hits. Of a message about which people know nothing, the verdict tells what it is.
struct WatchedRule {
  size_t hits = 0, spam = 0, ham = 0;
  RuleCounts known;                   ///< counts of messages about which people have said what they are
  std::vector<std::string> examples;  ///< texts
};

/// What a file of rules would have decided about messages of the history. Of a verdict of the classifier, the model's
/// log-odds are known, so that its score follows from those of the rules. A verdict that a list of senders or people's
/// corrections have decided stays. Where rules alone have decided, and those of the file do not, the model would have,
/// which was not asked then: such messages are counted as open. Not thread-safe.
///
/// Of a redacted message, a rule of `current` that had hit the message and does not hit its redacted text is hidden by
/// the redaction; a rule of its name in the new file counts as hit.
class Backtest {
 public:
  /// `rules` and `current`, the rules that were in use, must outlive this object.
  Backtest(const RuleSet& rules, const RuleSet& current, const BacktestOptions& options)
      : rules_(rules), current_(current), options_(options) {}

  void Add(const MessageRecord& message, std::optional<bool> truth);

  size_t changed() const { return to_spam_ + to_ham_; }
  size_t open() const { return open_; }
  size_t messages() const { return messages_; }
  size_t mended() const { return mended_; }
  size_t broken() const { return broken_; }
  size_t to_spam() const { return to_spam_; }
  size_t to_ham() const { return to_ham_; }
  const WatchedRule& watched() const { return watched_; }
  std::string Text() const;
  Json ToJson() const;

 private:
  struct Example {
    std::string id, text;
    bool was_spam = false;
    std::optional<double> score;
    std::vector<std::string> causes;  // "+RULE", "-RULE"
  };
  struct Counts {
    size_t hits = 0, changes = 0;
    RuleCounts known;  // of messages of which people know what they are
  };
  struct Decision {
    std::optional<bool> is_spam;  // nothing: the model would have to be asked
    std::optional<double> score;
  };
  void Watch(const MessageRecord& message, const RuleResult& result, std::optional<bool> truth);
  std::vector<std::string> HiddenRules(const MessageRecord& message, const FilterMessage& text) const;
  Decision Decide(const MessageRecord& message, const RuleResult& result) const;
  void NoteChange(const MessageRecord& message, const RuleResult& result, const Decision& decision,
                  std::optional<bool> truth);

  const RuleSet& rules_;
  const RuleSet& current_;
  const BacktestOptions options_;
  size_t messages_ = 0, redacted_ = 0, known_ = 0, to_spam_ = 0, to_ham_ = 0, open_ = 0, mended_ = 0, broken_ = 0;
  std::map<std::string, Counts> counts_;
  std::vector<Example> examples_;
  WatchedRule watched_;
};

}  // namespace winnow
