/// ASCII letters that letters of other scripts look like.
#pragma once

namespace winnow {

/// The ASCII letter that `c` looks like, or 0. Of Unicode's confusables.txt (Technical Standard 39, revision 26) the
/// single letters of Cyrillic, Greek, Armenian, Cherokee and Lisu; of Latin's the phonetic letters and small capitals
/// that serve as fancy type, which no language of many speakers is written with. Case as it looks: U+0410 gives 'A'.
/// A table of our own, so that a text is folded alike whatever ICU a machine has. Thread-safe.
char LookAlike(char32_t c);

/// Returns the letter of Russian or Ukrainian that the ASCII letter `c` looks like, or 0.
char32_t CyrillicLookAlike(char32_t c);

/// Returns true for a letter of a script that LookAlike has letters of, Latin excepted.
bool IsOfLookAlikeScript(char32_t c);

}  // namespace winnow
