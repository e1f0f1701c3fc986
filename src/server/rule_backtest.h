/// Rules on the history of a server, within a time that people wait for.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "filter/evidence.h"
#include "filter/rule_set.h"
#include "store/store.h"

namespace winnow {

/// How much of the history is read at most.
struct HistoryBudget {
  size_t messages = 100000;
  std::chrono::milliseconds time{2000};
};

/// Passes the newest messages to `take`, the newest first, with what people know about each of them. Returns true if
/// these are all messages of the history. Errors: those of the store.
Result<bool> ForNewestMessages(
    Store& store, const HistoryBudget& budget,
    const std::function<void(const MessageRecord& message, std::optional<bool> truth)>& take);

/// Returns what the rule `name` of `draft` would have hit, of the history and of the other texts that people have
/// labelled, and which verdicts would change if `draft` took the place of `current`: {"messages", "hits", "spam",
/// "ham", "known_spam", "known_ham", "to_spam", "to_ham", "mended", "broken", "open", "examples", "complete"}. Errors:
/// those of the store.
Result<Json> BacktestRule(Store& store, const RuleSet& draft, const RuleSet& current, const EvidenceWeights& weights,
                          const std::string& name, const HistoryBudget& budget);

/// Returns how often each rule is in the verdicts of the history: RuleHistory::ToJson() with "complete". Errors: those
/// of the store.
Result<Json> CountRuleHits(Store& store, const HistoryBudget& budget);

}  // namespace winnow
