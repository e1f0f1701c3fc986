/// Optional values in JSON.
#pragma once

#include <optional>

#include "base/json.h"

namespace winnow {

/// Returns the value, or null if there is none.
template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace winnow
