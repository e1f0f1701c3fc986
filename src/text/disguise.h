/// Folding of obfuscated text: undoes changes of words that people can still read but filters cannot.
///
///   other code points   full-width, mathematical, circled, squared letters: as their ASCII letter (Unicode's
///                       compatibility decompositions); punctuation and symbols stay
///   invisible ones      zero-width and other default-ignorable characters after Latin, Greek, Cyrillic and ASCII;
///                       where scripts and emoji need them (Persian, Hindi, families) they stay. Strokes through
///                       letters go, and marks past the second on a letter
///   spaced letters      f r e e, w-i-n, F.R.E.E: from three on, divided alike; with spaces from four on, or three of
///                       which one is not a word or slang of its own ("i c u")
///   long letters        freeeee: four or more of one letter are two, but for x
///   homoglyphs          letters of other scripts that look like Latin ones (text/look_alikes.h), all or none of a
///                       word: in words that have Latin letters too; in others where the text has Latin words and no
///                       letter of those scripts that looks like none. Latin letters in a word of Cyrillic become
///                       Cyrillic
///   leetspeak           fr33, c4$h (text/leetspeak.h), in words of Latin letters outside web and mail addresses
///
/// Texts in Russian, Greek, Armenian and so on stay what they are: a sentence without any letter of its own is rare.
/// Ambiguous characters are kept: numbers, prices, codes, SMS slang. It cannot be determined where one of two words of
/// spaced letters ends if the gap between them is not wider.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns `text` with obfuscations folded. Folding twice has the effect of folding once. Invalid UTF-8 becomes U+FFFD;
/// U+001E (text/segments.h) is kept and divides words. `ends`, unless null, gets an entry for each byte of the result:
/// the end, in `text`, of the part that the byte came from. That part begins where the one before ends, as in
/// Normalize. Linear. Thread-safe.
std::string FoldDisguises(std::string_view text, std::vector<uint32_t>* ends = nullptr);

}  // namespace winnow
