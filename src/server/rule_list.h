/// The rules of a server for people: what they look for, what they have hit, and which can be changed.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "base/mutex.h"
#include "filter/rule_set.h"
#include "server/filter_service.h"

namespace winnow {

/// Hits of rules in the history, which are counted again after ten seconds. Thread-safe.
class RuleHits {
 public:
  /// Returns the counts (CountRuleHits); null without a store, or while it is down. Blocks for a second at most.
  Json Of(const FilterService& filter) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  Json hits_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point valid_until_ GUARDED_BY(mutex_);
};

/// Returns the rules in use; an empty set if there are none.
RuleSet::Pointer RulesInUse(const FilterService& filter);

/// Returns the body of GET /v1/rules. `hits` may be null.
Json RuleListJson(const FilterService& filter, const Json& hits);

/// Returns one rule as GET /v1/rules shows it, without hits; null if there is none.
Json OneRuleJson(const FilterService& filter, const std::string& name);

}  // namespace winnow
