/// Out-of-scope detection, for people and for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/scope_fit.h"

namespace winnow {

/// The chosen rule: a table of methods and what the rule guarantees; lines ended by \n.
std::string ScopeFitText(const ScopeFit& fit);

/// The member "out_of_scope" of `winnow calibrate --json`.
Json ScopeFitJson(const ScopeFit& fit);

/// The output of `winnow evaluate --out-of-scope`; lines ended by \n.
std::string ScopeMetricsText(const ScopeRule& rule, const ScopeMetrics& metrics);

/// The document of `winnow evaluate --out-of-scope --json`.
Json ScopeMetricsJson(const ScopeRule& rule, const ScopeMetrics& metrics);

}  // namespace winnow
