/// Names of labels as values: spellings that mean the same label, and lists in the cells of tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/record.h"

namespace winnow {

/// Returns a label's name without invisible characters and white space at its ends, in normal form C.
std::string CleanLabelName(std::string_view name);

/// Returns a key that is equal for spellings of the same value: numbers (1 and 1.0), booleans (True and true), and names
/// that differ only as CleanLabelName ignores.
std::string LabelKey(std::string_view name);

/// Returns a key that is equal for names that differ only in case, spaces, hyphens or underscores, and so may be one
/// label.
std::string SimilarLabelKey(std::string_view name);

/// Returns a number as labels are named: whole numbers without a fraction ("1" for "1.0" and "1e0").
std::string NumberName(std::string_view number);

/// Reads a list as Python prints it: ['a', 'b'], [0, 1, 0]. The result has the kind kList. Nothing if the text is
/// anything else.
std::optional<Value> ParsePythonList(std::string_view text);

/// Returns true if the value is a list of two or more numbers, each 0 or 1.
bool IsMultiHot(const Value& value);

}  // namespace winnow
