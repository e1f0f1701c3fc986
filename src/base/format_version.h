/// Formats of files that have a number: what a program says about one that is newer than it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns the error about `what` ("the backup") at `where`, which has the format `found`, while this program knows
/// formats up to `known`. `writer` is the version of Winnow that wrote it, or empty. The code is kUnsupported.
Error NewerFormatError(std::string_view where, std::string_view what, int64_t found, int64_t known,
                       std::string_view writer);

/// Returns what somebody can do: "use Winnow 1.2.0 or a newer version".
std::string UseNewerVersion(std::string_view writer);

}  // namespace winnow
