/// The values that the fields of a filter have in rows that it does not keep, for the advice about a filter that keeps
/// no row at all.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/filter.h"
#include "data/record.h"

namespace winnow {

/// Counts values. Not thread-safe; the filter must outlive it.
class FilterValues {
 public:
  explicit FilterValues(const Filter& filter) : filter_(&filter), seen_(filter.conditions().size()) {}

  /// Adds a row that the filter does not keep. `text` is its text.
  void Add(const Record& record, std::string_view text);

  /// Returns what the rows have instead: "no row satisfies 'lang=de': the values of 'lang' are en (400), fr (200)".
  /// Says so if each condition holds for some rows, but all of them hold for none.
  std::string Advice() const;

 private:
  /// What a condition met.
  struct Seen {
    size_t satisfied = 0, missing = 0, rows = 0;
    std::map<std::string, size_t> values;  ///< the first kMostValues different ones
    bool numbers = false;                  ///< true if low and high are set
    double low = 0, high = 0;
  };
  void Count(const std::string& value, Seen& seen) const;
  static std::string ValuesText(const Filter::Condition& condition, const Seen& seen);

  const Filter* filter_;
  std::vector<Seen> seen_;  // parallel to the conditions of the filter
};

}  // namespace winnow
