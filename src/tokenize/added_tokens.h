/// The search for added tokens in a text, as Hugging Face's tokenizers do it (tokenizers/src/tokenizer/
/// added_vocabulary.rs): from left to right, the longest where several begin at one place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tokenize/piece_trie.h"
#include "tokenize/tokenizer.h"

namespace winnow {

/// A set of tokens to search for. Thread-safe when const.
class AddedTokenSet {
 public:
  /// Adds a token that is searched for as `text`, which is its content or the normal form of that, and which is plain
  /// text unless special tokens are parsed if it has a role. Of tokens with the same text the first counts. Empty texts
  /// are left out.
  void Add(const AddedToken& token, std::string text, bool has_role);
  /// Prepares the search, once all tokens are added.
  void Build();

  bool empty() const { return entries_.empty(); }
  /// True if a text in which special tokens are plain text has to be searched.
  bool has_plain() const { return has_plain_; }

  struct Match {
    size_t begin = 0, end = 0;  ///< bytes of the text that the token takes the place of
    int32_t id = -1;
  };
  /// A search through one text. The set and the text must outlive it.
  class Search {
   public:
    Search(const AddedTokenSet& set, std::string_view text, bool parse_special_tokens)
        : set_(set), text_(text), parse_special_tokens_(parse_special_tokens) {}
    /// Returns the next token; nothing at the end of the text.
    std::optional<Match> Next();

   private:
    size_t EndOfWhiteSpace(size_t begin);

    const AddedTokenSet& set_;
    const std::string_view text_;
    const bool parse_special_tokens_;
    size_t at_ = 0, done_ = 0;
    size_t space_begin_ = 1, space_end_ = 0;  // the last run of white space that was walked through; at first none
  };

 private:
  struct Entry {
    std::string text;
    int32_t id;
    bool has_role, single_word, lstrip, rstrip;
  };

  std::vector<std::unique_ptr<const Entry>> entries_;
  PieceTrie trie_;  // ids are places in entries_, whose texts it refers to
  std::unordered_set<std::string_view> texts_;
  bool has_plain_ = false;
};

}  // namespace winnow
