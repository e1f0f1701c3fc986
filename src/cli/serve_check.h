/// The check of a configuration of `winnow serve`, for `winnow config check`.
#pragma once

#include <span>
#include <string>

#include "base/options.h"
#include "base/result.h"

namespace winnow {

/// Checks whether the options of a server fit together, without using the files that they name. Models may be missing,
/// which a command line can name. Errors: those of parsing; kInvalidArgument.
Result<void> CheckServeArguments(std::span<const std::string> arguments, const OptionSources& sources);

}  // namespace winnow
