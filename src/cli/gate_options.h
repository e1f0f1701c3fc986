/// The options of the gate, which `winnow retrain` and `winnow gate` share.
#pragma once

#include <filesystem>
#include <optional>

#include "base/options.h"
#include "retrain/gate.h"

namespace winnow {

/// Adds the group "Gate".
void AddGateOptions(GateBounds& bounds, std::optional<std::filesystem::path>& must_pass,
                    std::optional<std::filesystem::path>& report, OptionTable& table);

}  // namespace winnow
