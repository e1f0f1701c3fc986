/// Suggestions of the form "did you mean": the known name closest to a misspelt one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the number of edits that turn `a` into `b`: an edit inserts, deletes or replaces a byte, or swaps two
/// neighbouring bytes, and no part is edited twice (optimal string alignment; Damerau 1964).
size_t EditDistance(std::string_view a, std::string_view b);

/// Returns the candidate closest to `word`: the one with the fewest edits, if these are at most a third of the word's
/// length; otherwise the only candidate that begins with `word` (of at least two letters). Of equally close candidates
/// the first is taken. Case is ignored. Empty if no candidate is close.
std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates);

/// Returns "did you mean '--epochs'?", or `otherwise` if no candidate is close. `prefix` is put before the name: "--".
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates, std::string_view otherwise,
                       std::string_view prefix = "");

}  // namespace winnow
