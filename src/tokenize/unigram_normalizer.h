/// SentencePiece's normal form of a text, computed character by character: rules applied, white space written as "▁".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenize/charsmap.h"
#include "tokenize/normalizer.h"
#include "tokenize/piece_trie.h"
#include "tokenize/tokenizer.h"

namespace winnow {

inline constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";  // ▁, U+2581

struct UnigramNormalization {
  /// Selects whether a text gets a "▁" at its beginning (SentencePiece's add_dummy_prefix).
  enum class Prefix { kNever, kAlways };
  /// Selects the spaces that are kept after the rules: all, or single ones between words only (SentencePiece's
  /// remove_extra_whitespaces).
  enum class Spaces { kAll, kBetweenWords };

  bool lowercase = false;  ///< true if the text is lowercased before the rules
  std::string charsmap;    ///< rules, see Charsmap::Parse
  Prefix prefix = Prefix::kAlways;
  Spaces spaces = Spaces::kBetweenWords;
};

/// A normalizer. Thread-safe when const.
class UnigramNormalizer {
 public:
  /// Creates a normalizer. Errors: kInvalidModel.
  static Result<UnigramNormalizer> Make(UnigramNormalization options, std::string_view where);

  /// Sets pieces that are exempt from the rules and are searched for before them. The texts of the pieces must outlive
  /// the normalizer.
  void SetUserDefined(PieceTrie pieces) { user_defined_ = std::move(pieces); }

  const UnigramNormalization& options() const { return options_; }

  /// The normalization of one text, piece by piece. The normalizer and the text must outlive it.
  class Stream {
   public:
    Stream(const UnigramNormalizer& normalizer, std::string_view text, bool with_sources);

    /// Appends the normal form of the next part of the text to bytes(); false at the end of the text.
    bool More();
    const std::string& bytes() const { return bytes_; }
    /// Returns the number of bytes() that are final: a "▁" at the end is removed if only further ones follow.
    size_t settled() const { return settled_; }
    /// Returns the source of each byte in the text, if requested.
    const std::vector<TokenSpan>& sources() const { return sources_; }
    /// Removes the first `count` bytes.
    void Forget(size_t count);

   private:
    void Append(std::string_view normal, size_t begin, size_t end);

    const UnigramNormalizer& normalizer_;
    const bool with_sources_;
    MappedText lower_;
    std::string_view text_;  // the input, or a view of lower_
    size_t at_ = 0;
    std::string bytes_;
    std::vector<TokenSpan> sources_;
    size_t settled_ = 0;
    bool after_space_ = false;
  };

 private:
  /// Returns the normal form of the text at `at`.
  Charsmap::Rule Next(std::string_view text, size_t at) const;

  UnigramNormalization options_;
  Charsmap charsmap_;
  PieceTrie user_defined_;
  Normalizer lowercase_;  // empty, or one step
};

}  // namespace winnow
