/// The arguments of the commands of the family "rules".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "filter/rule_set.h"
#include "store/records.h"

namespace winnow {

/// A set of rules, and the arguments after the name of its file.
struct RulesArguments {
  RuleSet::Pointer rules;
  std::vector<std::string> rest;
};

/// Reads the rules of the first argument if its name ends in ".toml", otherwise the built-in rules. Errors: those of
/// RuleSet::Load.
Result<RulesArguments> ReadRulesArgument(const std::vector<std::string>& arguments);

/// Which messages of the history of a store are read.
struct HistoryRangeOptions {
  std::string store, since, until;
};

/// Adds --store, --since and --until.
void AddHistoryRangeOptions(HistoryRangeOptions& options, OptionTable& table, bool store_required = false);

/// Passes each message of the range, the newest first, to `take`, with what people know about it. Errors: those of the
/// store; kInvalidArgument; kCancelled.
Result<void> ForHistory(const HistoryRangeOptions& options,
                        const std::function<void(const MessageRecord& message, std::optional<bool> truth)>& take);

/// Returns the time of "7d", "12h" or "30m" before now, or of "2026-11-28" or "2026-11-28T20:15:00Z"; nothing for an
/// empty value. Errors: kInvalidArgument.
Result<std::optional<StoreTime>> ParseSince(std::string_view option, const std::string& value);

/// Returns a number with a sign: "+2.5", "-1", "0".
std::string SignedScore(double score);

}  // namespace winnow
