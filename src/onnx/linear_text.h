/// The words of linear models in ONNX's terms, for export and import: regular expressions of com.microsoft's Tokenizer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linear/features.h"
#include "linear/symbols.h"

namespace winnow {

/// A regular expression (RE2's) whose matches in a text as it is, before its letters are made small, are the words that
/// a Vectorizer finds in the text made small. With fewer characters than a word has: "mincharnum" leaves those out.
std::string TokenPattern(WordCharacters characters, bool lowercase);

/// Which words a pattern finds, or nothing for one that is not understood. `shortest` is "mincharnum".
std::optional<WordRule> WordsOfPattern(std::string_view pattern, size_t shortest);

/// `ngram`, its words' last small sigmas in the form that they have elsewhere: lower case that knows no context (C's)
/// makes that of capitals. Empty where there is none.
std::string WithoutFinalSigma(std::string_view ngram);

/// Whether a text can hold this word: it is one word, and stays as it is when letters are made small.
bool IsPossibleWord(std::string_view word, const WordRule& rule, bool lowercase);

}  // namespace winnow
