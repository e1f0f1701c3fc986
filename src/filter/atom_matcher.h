/// Search for many literals at once (Aho and Corasick, "Efficient String Matching", CACM 18(6), 1975): one table lookup
/// per byte of the text, however many literals there are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Finds which literals, called atoms, occur in a text. An atom is cut to its first kMaxAtomBytes bytes, so that an
/// atom may be reported whose beginning alone occurs. Thread-safe.
class AtomMatcher {
 public:
  static constexpr size_t kMaxAtomBytes = 12;
  static constexpr size_t kMaxTableBytes = size_t{64} << 20;

  AtomMatcher() = default;
  /// Builds the automaton of `atoms`, none of which is empty. Errors: kInvalidData if its table would exceed
  /// kMaxTableBytes.
  static Result<AtomMatcher> Build(std::span<const std::string> atoms);

  /// Sets `found` to the indices of the atoms that occur in `text`, each once, in no particular order.
  void Find(std::string_view text, std::vector<int>& found) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  void Link();

  std::array<uint16_t, 256> columns_{};  ///< by byte; 0: a byte of no atom
  size_t width_ = 1;                     ///< columns of the table
  std::vector<uint32_t> next_;           ///< state * width_ + column -> state; state 0 is the root
  std::vector<uint32_t> output_;         ///< by state: an index into atoms_of_, or kNone
  std::vector<uint32_t> suffix_;         ///< by state: the longest proper suffix with an output, or 0
  std::vector<std::vector<int>> atoms_of_;
};

}  // namespace winnow
