/// A text in SentencePiece's normal form, character by character: rules applied, white space written as "▁".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenize/charsmap.h"
#include "tokenize/piece_trie.h"
#include "tokenize/rewrite.h"
#include "tokenize/tokenizer.h"

namespace winnow {

inline constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";  // ▁, U+2581

struct UnigramNormalization {
  /// Whether a text gets a "▁" in front: SentencePiece's add_dummy_prefix is kAlways or kNever; tokenizer.json's
  /// Metaspace adds none to a text that begins with a space.
  enum class Prefix { kNever, kAlways, kUnlessThere };
  /// Spaces after the rules: as they are, single ones, or single ones between words alone (SentencePiece's
  /// remove_extra_whitespaces).
  enum class Spaces { kAll, kSingle, kBetweenWords };

  std::vector<RewriteStep> rewrite;  ///< before everything else
  std::string charsmap;              ///< rules: see Charsmap::Parse
  Prefix prefix = Prefix::kAlways;
  Spaces spaces = Spaces::kBetweenWords;
  bool strip_left = false, strip_right = false;  ///< white space at the ends of the text goes before the rules
};

/// Thread-safe when const.
class UnigramNormalizer {
 public:
  /// Errors: kInvalidModel.
  static Result<UnigramNormalizer> Make(UnigramNormalization options, std::string_view where);

  /// Pieces that are left as they are written, and before all rules. Their texts must outlive this.
  void SetUserDefined(PieceTrie pieces) { user_defined_ = std::move(pieces); }

  const UnigramNormalization& options() const { return options_; }

  /// One text on its way. The normaliser and the text must outlive it.
  class Stream {
   public:
    Stream(const UnigramNormalizer& normalizer, std::string_view text, bool with_sources);

    /// Appends the next of the text to bytes(); false at its end.
    bool More();
    const std::string& bytes() const { return bytes_; }
    /// Those of bytes() that stay whatever follows: a "▁" at the end goes if no more than such come.
    size_t settled() const { return settled_; }
    /// Where each byte came from in the text, if asked for.
    const std::vector<TokenSpan>& sources() const { return sources_; }
    /// Takes the first `count` bytes away.
    void Forget(size_t count);

   private:
    void Append(std::string_view normal, size_t begin, size_t end);

    const UnigramNormalizer& normalizer_;
    const bool with_sources_;
    std::string rewritten_;
    std::vector<TokenSpan> rewritten_from_;
    std::string_view text_;  // the input, or a view of rewritten_
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
  Rewriter rewriter_{{}};
};

}  // namespace winnow
