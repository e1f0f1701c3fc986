/// Options of `winnow serve` for the message filter.
#pragma once

#include <optional>
#include <string>

#include "cli/filter_options.h"
#include "server/filter_service.h"

namespace winnow {

struct ServeFilterOptions {
  bool enabled = false;
  FilterStepOptions steps;
  Mode mode = Mode::kModerate;
  std::filesystem::path spool;
  int history_days = 30;
  bool history = true;
  int audit_one_in = 0;
  RspamdOptions rspamd;
  std::vector<std::string> apple_apps;
  std::string redact_history = "all";
};

void AddServeFilterOptions(ServeFilterOptions& options, OptionTable& table);

/// Returns the options of the filter. A server with a workspace always has one, whose store is a SQLite file of the
/// workspace unless another one was given. Errors: kInvalidArgument for options that require others.
Result<FilterServiceOptions> FilterServiceOptionsOf(const ServeFilterOptions& options,
                                                    const std::filesystem::path& workspace);

}  // namespace winnow
