/// Shares in the sentences of a review.
#pragma once

#include <fmt/format.h>

#include <string>

namespace winnow {

/// Returns a share with two digits, as the page shows it: ".81", "1.00".
inline std::string ShareText(double value) {
  const std::string text = fmt::format("{:.2f}", value);
  return text.starts_with("0") ? text.substr(1) : text;
}

}  // namespace winnow
