/// Boundaries of words by ICU's rules and dictionaries: the one use of ICU's data beside regular expressions
/// (text/pattern.h).
#pragma once

#include <string_view>
#include <vector>

#include "text/word_breaks.h"

namespace winnow {

/// Returns the sections of a text. For texts up to 2 GiB. Thread-safe.
std::vector<WordSection> DictionarySections(std::string_view text);

}  // namespace winnow
