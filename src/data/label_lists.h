/// Lists and objects of labels in the cells of tables, as Python, numpy and JSON print them, and multi-hot vectors.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "data/record.h"

namespace winnow {

/// Reads a list, tuple, set or dictionary as Python prints it, or a list as numpy or JSON prints it: ['a', 'b'],
/// ('a', 'b'), {'a', 'b'}, ['a' 'b'], [0. 1.], [True, False], array([0, 1]), ["a", null]. The result has the kind
/// kList; for a dictionary of numbers or booleans, {'a': 0.8, 'b': 0.2}, it has the kind kShares. None, null and nan
/// are left out of lists of names. Nothing if the text is anything else.
std::optional<Value> ParseLabelList(std::string_view text);

/// Reads zeros and ones that commas, semicolons, bars or spaces separate: 1,0,0. The result has the kind kList. Nothing
/// if the text is anything else.
std::optional<Value> ParseSeparatedBits(std::string_view text);

/// Returns the bits of a multi-hot vector: a list of two or more numbers, booleans or texts, each 0 or 1, or true or
/// false. Nothing if the value is anything else.
std::optional<std::vector<bool>> MultiHotBits(const Value& value);

/// Returns true if the value is a list of numbers of which one is not whole, such as a list of probabilities.
bool HasFractions(const Value& value);

}  // namespace winnow
