/// The address at which a milter listens, in the form that libmilter reads.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Checks "inet:PORT@HOST", "inet6:PORT@HOST" or "unix:PATH" with an absolute path, and returns the address. Errors:
/// kInvalidArgument, for "inet:HOST:PORT", as Postfix writes it, with the form that is needed here.
Result<std::string> ParseMilterAddress(std::string_view address);

}  // namespace winnow
