/// The options of `winnow evaluate` that are about reports.
#pragma once

#include <filesystem>
#include <optional>

#include "base/options.h"

namespace winnow {

struct ReportFilesOptions {
  std::optional<std::filesystem::path> report;
  std::optional<std::filesystem::path> against;
  bool texts = true;
};

/// Adds the group "Report".
void AddReportOptions(ReportFilesOptions& options, OptionTable& table);

}  // namespace winnow
