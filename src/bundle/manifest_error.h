/// The error of a winnow.json whose contents are wrong.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns the error kInvalidModel "WHERE: WHY".
inline std::unexpected<Error> ManifestError(std::string_view where, std::string_view why) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where, why));
}

}  // namespace winnow
