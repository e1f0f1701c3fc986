/// A row of a data file as people see it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// A row of a data file; valid during the call that receives it.
struct DataRow {
  size_t row = 0;  ///< its number, as Example::row and the reports of `data doctor` have it
  std::string_view text;
  std::span<const std::string> labels;  ///< empty: none
};

}  // namespace winnow
