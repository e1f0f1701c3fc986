/// Matching of many regular expressions against one text.
///
/// RE2's prefilter (FilteredRE2) derives from each pattern the literals that a match must contain. One pass of an
/// AtomMatcher over the folded text finds the literals that occur; only patterns whose literals are there, and patterns
/// that require none, are matched by RE2. So the cost of a short text hardly depends on the number of patterns. Each
/// RE2 takes time linear in the text. A set of all patterns in one automaton (RE2::Set) would be faster for texts that
/// it has seen, but its states multiply, and a long hostile text would cost the size of all patterns per byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Regular expressions in RE2's syntax, and which of them match. Thread-safe after Compile.
class PatternIndex {
 public:
  static constexpr size_t kMaxPatternBytes = 8192;
  /// Instructions of a pattern's program. RE2 takes at most this many steps per byte of a text.
  static constexpr int kMaxProgram = 2000;
  /// Bytes per pattern for its program and for the states of its automaton, which are made when texts need them. With
  /// fewer, RE2 gives up the automaton for a simulation that takes a hundred times as long.
  static constexpr int64_t kPatternMemory = int64_t{2} << 20;

  PatternIndex();
  PatternIndex(PatternIndex&&) noexcept;
  PatternIndex& operator=(PatternIndex&&) noexcept;
  ~PatternIndex();

  /// Adds a pattern, whose matches report `id`. Errors: kInvalidData with RE2's message for a pattern that is not
  /// valid, and for one that exceeds the limits above.
  Result<void> Add(const std::string& pattern, size_t id);
  /// Ends the adding of patterns. Errors: those of AtomMatcher::Build.
  Result<void> Compile();

  bool empty() const { return ids_.empty(); }
  /// Appends the ids of the patterns that match somewhere in `text`, which must be valid UTF-8.
  void Match(std::string_view text, std::vector<size_t>& ids) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::vector<size_t> ids_;
};

/// Returns the first part of `text` that `pattern`, a valid pattern, matches, or an empty view at its beginning.
std::string_view FirstMatch(const std::string& pattern, std::string_view text);

/// Returns true if a valid pattern matches somewhere in `text`.
bool PatternMatches(const std::string& pattern, std::string_view text);

}  // namespace winnow
