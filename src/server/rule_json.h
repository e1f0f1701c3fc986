/// Rules as JSON for people who read and change them.
#pragma once

#include <string>

#include "base/json.h"
#include "filter/rule_set.h"

namespace winnow {

/// Return {"name", "description", "kind", "conditions", "score", "group", "tags", "enabled", "file", "line"};
/// conditions are sentences, of a composite its expression.
Json RuleJson(const Rule& rule);
Json RuleJson(const Composite& composite);

/// Returns the JSON Schema of these.
Json RuleSchema();

}  // namespace winnow
