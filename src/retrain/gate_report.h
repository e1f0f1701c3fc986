/// The report of a gate for people and machines.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "retrain/gate.h"

namespace winnow {

/// Returns one line per condition: whether it holds, and what was found. Control characters in names are escaped.
std::string GateText(const GateReport& report);

/// Returns {champion, challenger, passed, failed: [names], conditions: [{name, held, measured, found, champion,
/// challenger, bound, missed_by, mcnemar, slices, wrong}], notes}.
Json GateJson(const GateReport& report);

/// Returns the page: no script, no network.
std::string GateHtml(const GateReport& report);

/// Writes gate.json and gate.html into a directory, which is made if it is missing; other files are left alone. Errors:
/// kIo.
Result<void> WriteGateReport(const GateReport& report, const std::filesystem::path& directory);

}  // namespace winnow
