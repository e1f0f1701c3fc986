/// The report of drift that a server shows: WORKSPACE/reports/drift.json. A job writes it, or whoever runs
/// `winnow drift --json`.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// Returns the report of a workspace; null if it has none. A file that is none is logged.
Json ReadDriftReport(const std::filesystem::path& workspace);

/// Replaces the report of a workspace. Errors: kIo.
Result<void> KeepDriftReport(const std::filesystem::path& workspace, std::string_view report);

}  // namespace winnow
