/// Translation of Oniguruma's regular expressions into ICU's.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns an expression that ICU matches as Oniguruma, in Ruby's syntax and for Unicode, matches `regex`. Errors:
/// those of Pattern::OfRegex.
Result<std::string> TranslateRegex(std::string_view regex, std::string_view where);

}  // namespace winnow
