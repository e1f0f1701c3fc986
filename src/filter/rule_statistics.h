/// How rules do on labelled messages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "filter/rule_set.h"

namespace winnow {

/// How often a rule or composite hit spam and ham.
struct RuleCounts {
  std::string name;
  double score = 0;
  size_t spam = 0, ham = 0;

  size_t hits() const { return spam + ham; }
  /// Returns the share of the hits that are of the kind that the score is evidence of: spam for a score of at least 0,
  /// ham for one below 0. Empty without hits.
  std::optional<double> precision() const;
};

/// Counts of messages, one after the other.
class RuleStatistics {
 public:
  /// `rules` must outlive this object.
  explicit RuleStatistics(const RuleSet& rules);

  void Add(const FilterMessage& message, bool spam);

  size_t spam() const { return spam_; }
  size_t ham() const { return ham_; }
  const std::vector<RuleCounts>& rules() const {
    return counts_;
  }  ///< rules, then composites, in the order of the file
  /// Returns a table of the rules and what rules alone decide, for people and for machines.
  std::string Text() const;
  Json ToJson() const;

 private:
  struct Decisions {
    size_t spam = 0, ham = 0, undecided = 0;
  };

  const RuleSet& rules_;
  std::vector<RuleCounts> counts_;
  size_t spam_ = 0, ham_ = 0;
  Decisions of_spam_, of_ham_;
};

}  // namespace winnow
