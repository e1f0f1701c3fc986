/// Records of the registry as JSON, as the commands and the HTTP API show them.
#pragma once

#include "base/json.h"
#include "registry/registry.h"

namespace winnow {

/// Returns a version with its aliases, as lists of versions have it.
Json VersionJson(const ModelVersion& version, const std::vector<AliasRow>& aliases);
/// Returns a version with its aliases, its files and what is known of its origin.
Json WholeVersionJson(const ModelVersion& version, const std::vector<AliasRow>& aliases);
Json AliasJson(const AliasRow& row);
Json SummaryJson(const ModelSummary& model);

/// Return the JSON schemas of these documents.
Json VersionSchema();
Json AliasSchema();
Json SummarySchema();

}  // namespace winnow
