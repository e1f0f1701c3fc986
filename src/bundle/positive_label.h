/// Names that tell that a label is the positive one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Returns true for a label with a typical name of a positive one: "spam", "toxic", "1" and others, in whatever case,
/// with spaces, hyphens or underscores.
bool IsPositiveName(std::string_view label);

/// Returns the index of the label whose name tells that it is the positive one: the first with a typical name, or of
/// two labels the one that has a word such as "spam" in its name without a negation, which the other does not have
/// ("Spam & ads" beside "no spam"). Empty if no name tells.
std::optional<size_t> PositiveByName(std::span<const std::string> labels);

}  // namespace winnow
