/// The words of linear models in ONNX's terms, for export and import: regular expressions of com.microsoft's Tokenizer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linear/features.h"
#include "linear/symbols.h"

namespace winnow {

/// Returns a regular expression (RE2's) whose matches in an unchanged text are the words that a Vectorizer finds in the
/// lowercased text. It also matches words that are too short; "mincharnum" excludes these.
std::string TokenPattern(WordCharacters characters, bool lowercase);

/// Returns the rule for the words that a pattern matches, or nothing for an unsupported pattern. `shortest` is
/// "mincharnum".
std::optional<WordRule> WordsOfPattern(std::string_view pattern, size_t shortest);

/// Returns `ngram` with final small sigmas replaced by the other small sigma, which lowercasing without context (C's)
/// makes of capitals. Empty if there is no final sigma.
std::string WithoutFinalSigma(std::string_view ngram);

/// Returns true if a text can contain this word: it is one word, and lowercasing does not change it.
bool IsPossibleWord(std::string_view word, const WordRule& rule, bool lowercase);

}  // namespace winnow
