/// Names that tell that a label is the positive one.
#pragma once

#include <string_view>

namespace winnow {

/// Returns true for a label with a typical name of a positive one: "spam", "toxic", "1" and others, in whatever case, with
/// spaces, hyphens or underscores.
bool IsPositiveName(std::string_view label);

}  // namespace winnow
