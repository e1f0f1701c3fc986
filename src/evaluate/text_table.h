/// Figures in columns, for a terminal: plain UTF-8 without colours.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/intervals.h"

namespace winnow {

/// Columns that a terminal needs, one a code point. Wide scripts may still stand a little off.
size_t DisplayWidth(std::string_view text);

/// A name on one line and in `width` columns, its end cut where it is longer: a terminal must not obey it, so control
/// characters show as '?'.
std::string ShownName(std::string_view name, size_t width);

/// "0.9876", or "-" where there is none.
std::string FigureText(std::optional<double> value, int digits = 4);

/// "[0.9712, 0.9911]", or nothing.
std::string RangeText(const std::optional<Interval>& interval, int digits = 4);

/// Rows of cells, each column as wide as its widest cell.
class TextTable {
 public:
  /// The first `left` columns stand to the left, the others to the right.
  explicit TextTable(size_t left = 1) : left_(left) {}

  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  /// Each row a line, two spaces before it and between columns.
  std::string Text() const;

 private:
  size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace winnow
