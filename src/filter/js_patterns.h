/// Which patterns of rules have an exact translation into JavaScript's regular expressions, for the package in
/// packages/js.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/rule.h"

namespace winnow {

/// Returns what in a pattern, which RE2 accepts, has no exact form in JavaScript; nothing if the pattern has one. The
/// translator itself is packages/js/src/rules/re2.ts, whose tests compare both.
std::optional<std::string> JsObstacle(std::string_view pattern);

/// Returns a sentence for each rule whose pattern cannot be translated: "rule PRIZE: the flag 'U' has no exact form in
/// JavaScript".
std::vector<std::string> JsObstacles(const std::vector<Rule>& rules);

}  // namespace winnow
