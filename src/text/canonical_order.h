/// The two steps of normalization that follow decomposition (Unicode Standard 3.11; Standard Annex 15).
#pragma once

#include <string>

namespace winnow {

/// Puts the marks of decomposed text in the order of their combining classes; those of one class keep theirs.
void OrderMarks(std::u32string& text);

/// Replaces characters of text in canonical order by their primary composites.
void ComposeCharacters(std::u32string& text);

}  // namespace winnow
