/// Which script a text is written in: Latin, Cyrillic, Han, Arabic ...
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// The Unicode name of the script that most of the text's letters have (Unicode Standard Annex 24, by ICU's tables),
/// its underscores as spaces. Han with kana is "Japanese", Han with Hangul "Korean"; "mixed" where a second script has
/// a fifth of the letters or more; "none" where no character belongs to a script (digits, punctuation, emoji). Invalid
/// UTF-8 counts as no letter. Thread-safe.
std::string ScriptOf(std::string_view text);

}  // namespace winnow
