/// Out-of-scope detection, for people and for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/scope_fit.h"

namespace winnow {

/// Returns the chosen rule as text: a table of methods and the guarantee of the rule; lines ended by \n.
std::string ScopeFitText(const ScopeFit& fit);

/// Returns the member "out_of_scope" of `winnow calibrate --json`.
Json ScopeFitJson(const ScopeFit& fit);

/// Returns the output of `winnow evaluate --out-of-scope`; lines ended by \n.
std::string ScopeMetricsText(const ScopeRule& rule, const ScopeMetrics& metrics);

/// Returns the document of `winnow evaluate --out-of-scope --json`.
Json ScopeMetricsJson(const ScopeRule& rule, const ScopeMetrics& metrics);

}  // namespace winnow
