/// Options that weaken a check count on the command line alone, where whoever starts the command sees them.
#pragma once

#include "base/options.h"
#include "base/result.h"

namespace winnow {

/// Errors: kInvalidArgument if a configuration file, a preset or an environment variable has turned off --verify, or
/// has turned on --overwrite or --force. To be called after OptionTable::Parse.
Result<void> RefuseWeakenedChecks(const OptionTable& table);

}  // namespace winnow
