/// Records of the registry as JSON, as the commands and the HTTP API show them.
#pragma once

#include "base/json.h"
#include "registry/registry.h"

namespace winnow {

/// Returns a version with its aliases; `whole`: also its files and what is known of its origin.
Json VersionJson(const ModelVersion& version, const std::vector<AliasRow>& aliases, bool whole);
Json AliasJson(const AliasRow& row);
Json SummaryJson(const ModelSummary& model);

/// Return the JSON schemas of these documents.
Json VersionSchema();
Json AliasSchema();
Json SummarySchema();

}  // namespace winnow
