/// "Did you mean" suggestions: the known name closest to a misspelt one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Edits that turn `a` into `b`: insert, delete or replace a byte, or swap two neighbours, each part edited once
/// (optimal string alignment; Damerau 1964).
size_t EditDistance(std::string_view a, std::string_view b);

/// The closest of `candidates`: the nearest within a third of the word's length in edits; else the only one that begins
/// with the word (at least two letters). Ties go to the earlier one. Case is ignored. Empty when nothing is close.
std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates);

/// "did you mean '--epochs'?" or, when nothing is close, `otherwise`. `prefix` stands before the name: "--".
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates, std::string_view otherwise,
                       std::string_view prefix = "");

}  // namespace winnow
