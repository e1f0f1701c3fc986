/// The script that a text is written in: Latin, Cyrillic, Han, Arabic ...
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns the Unicode name of the script of most letters of the text (Unicode Standard Annex 24),
/// with underscores as spaces. Han with kana is "Japanese", Han with Hangul "Korean"; "mixed" if a second script has a
/// fifth of the letters or more; "none" if no character belongs to a script (digits, punctuation, emoji). Invalid UTF-8
/// does not count as letters. Thread-safe.
std::string ScriptOf(std::string_view text);

}  // namespace winnow
