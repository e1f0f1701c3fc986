/// What the text of a regular expression shows about mistakes in it.
#pragma once

#include <string_view>

namespace winnow {

/// Facts about a pattern in RE2's syntax. They are found in its text and so are hints, not proofs.
struct PatternFacts {
  bool inner_end = false;    ///< "$" with something to match after it, as in "$100": no text matches that
  bool inner_begin = false;  ///< "^" with something to match before it, as in "a^b"
  bool capital = false;      ///< a capital letter of ASCII in a pattern without "(?i)"
};

/// Returns the facts about `pattern`, which must be valid. A pattern with "(?m)", where "$" and "^" are ends of lines,
/// has no inner end and no inner begin.
PatternFacts FactsOf(std::string_view pattern);

}  // namespace winnow
