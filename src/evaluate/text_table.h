/// Tables of metrics for a terminal: plain UTF-8 without colours.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/intervals.h"

namespace winnow {

/// Returns the number of columns that a text takes in a terminal, one per code point. It may be too small for wide
/// scripts.
size_t DisplayWidth(std::string_view text);

/// Returns a name on one line and in `width` columns, cut at its end if it is longer. Control characters are replaced
/// by '?', since a terminal would obey them.
std::string ShownName(std::string_view name, size_t width);

/// Returns "0.9876", or "-" for no value.
std::string MetricText(std::optional<double> value, int digits = 4);

/// Returns "[0.9712, 0.9911]", or nothing.
std::string RangeText(const std::optional<Interval>& interval, int digits = 4);

/// A table: rows of cells, each column as wide as its widest cell.
class TextTable {
 public:
  /// Creates a table whose first `left` columns are left-aligned, and the others right-aligned.
  explicit TextTable(size_t left = 1) : left_(left) {}

  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  /// Returns one line per row, with two spaces before it and between columns.
  std::string Text() const;

 private:
  size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace winnow
