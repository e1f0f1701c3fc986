/// SentencePiece's normalization rules: a table of byte strings and their replacements (nmt_nfkc and similar ones), as
/// in its models and in tokenizer.json's "Precompiled" normalizer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A table of rules. Thread-safe when const.
class Charsmap {
 public:
  Charsmap() = default;
  /// Parses a table. `blob` is as SentencePiece's Normalizer::EncodePrecompiledCharsMap writes it: a 32-bit length, a
  /// double-array trie of that many bytes (Darts-clone's units), the normal forms, each ended by NUL; empty for no
  /// rules. Any bytes are safe: a step that leaves the trie, or a rule whose normal form is outside of them, is
  /// ignored. Errors: kInvalidModel where the lengths don't fit or the normal forms are not UTF-8.
  static Result<Charsmap> Parse(std::string_view blob, std::string_view where);

  struct Rule {
    size_t length = 0;  ///< number of bytes of the text that the rule replaces; 0: no rule applies
    std::string_view normal;
  };
  /// Returns the rule for the longest prefix of `text`.
  Rule Longest(std::string_view text) const { return Find(text, /*shortest=*/false); }
  /// Returns the rule for the shortest prefix of `text`.
  Rule Shortest(std::string_view text) const { return Find(text, /*shortest=*/true); }

  bool empty() const { return units_.empty(); }
  /// Returns the blob that was passed to Parse.
  const std::string& blob() const { return blob_; }

 private:
  Rule Find(std::string_view text, bool shortest) const;

  std::string blob_;
  std::vector<uint32_t> units_;
  size_t normal_begin_ = 0;  // offset in blob_
};

}  // namespace winnow
