/// Names of labels as values: spellings that mean the same label, or none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Returns a label's name without invisible characters and white space at its ends, in normal form C.
std::string CleanLabelName(std::string_view name);

/// Returns a key that is equal for spellings of the same value: numbers (1 and 1.0), booleans (True and true), and
/// names that differ only as CleanLabelName ignores.
std::string LabelKey(std::string_view name);

/// Returns a key that is equal for names that may be one label: names that differ only in case, spaces, quotes around
/// them, or hyphens or underscores between letters; and truth values, 1 and true, 0 and false. Numbers of different
/// values have different keys.
std::string SimilarLabelKey(std::string_view name);

/// Returns a number as labels are named: whole numbers without a fraction ("1" for "1.0" and "1e0").
std::string NumberName(std::string_view number);

/// Returns the finite number that a text spells, with or without a sign. Nothing if the text is anything else.
std::optional<double> LabelNumber(std::string_view text);

/// Returns true for the spellings of a missing value that pandas.read_csv recognizes by default, such as NaN, NULL, N/A
/// and None, for \N, which databases write, and for the empty text.
bool IsMissingLabel(std::string_view name);

}  // namespace winnow
