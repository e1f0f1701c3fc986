/// Digits and signs that stand for letters in a word: fr33, c4$h, w1n.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns true if `c` may stand for a letter: a digit, '@' or '$'; '!', '|' and '+' only if the word before them
/// consists of one to three consonants (w!n), since "hi!there" lacks a space.
bool IsLeetSign(char32_t c);

/// Returns the word with letters restored, or empty if it is not leetspeak. `word` consists of letters, digits and
/// signs. A rule of thumb, on the careful side, and all or nothing: a word stays as it is where
///   - no sign stands between two letters; but for 0ffer, fr33, $ale and deal$, trailing and leading digits are
///     slang or numbers (gr8, some1, 4ever, 2nd, 10am, mp3)
///   - signs are more than letters, or three in a row: codes, glued numbers
///   - capitals have as many signs as letters, or no vowel, or come after small letters: SW73HP, WC1N, LdnW15H; C4SH is
///     lost with them
///   - a number stands between two words, or is an ordinal: only1more, the4th
///   - one of them has no reading where it stands: 6 never, 4 before a vowel (just4u), 8 mostly (l8r), $ before digits.
/// 1 is read as 'l' or 'i' by its neighbours. Linear in the word's length, at most 24 letters.
std::u32string ReadLeetspeak(std::u32string_view word);

}  // namespace winnow
