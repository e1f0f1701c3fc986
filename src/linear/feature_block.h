/// The features of one analyzer: the set of n-grams, and the search for them in a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linear/features.h"
#include "linear/ngram_trie.h"
#include "linear/symbols.h"
#include "linear/word_table.h"

namespace winnow {

/// Many strings in one buffer.
class StringPool {
 public:
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  void Add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  /// Adds the string that consists of the first `shared` bytes of the last string and of `rest`.
  void AddAfterLast(size_t shared, std::string_view rest) {
    const size_t begin = ends_.size() < 2 ? 0 : ends_[ends_.size() - 2];
    bytes_.append(bytes_, begin, shared);
    Add(rest);
  }
  void Reserve(size_t strings, size_t bytes) {
    ends_.reserve(strings);
    bytes_.reserve(bytes);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// The options of one analyzer.
struct BlockOptions {
  Analyzer analyzer = Analyzer::kWord;  ///< analyzer; not kBoth
  size_t min_ngram = 1, max_ngram = 1;
  WordRule words = {};
};

/// Returns one block or, with kBoth, two: words, then char_wb.
std::vector<BlockOptions> BlocksOf(const FeatureOptions& options);

/// The features of one analyzer. Immutable once built, and then thread-safe.
class FeatureBlock {
 public:
  /// Builds a block in which feature i is the n-gram names[begin + i]. A name that no text has with these options (for
  /// instance, one that is too long) is a feature that is never found, as with scikit-learn. Errors: kInvalidModel for
  /// a name that occurs twice.
  static Result<FeatureBlock> Build(const BlockOptions& options, const StringPool& names, size_t begin, size_t end);

  /// Makes the symbols of a text for Walk.
  void Read(std::string_view lowered, SymbolRuns& out, std::vector<SymbolPlace>* places = nullptr) const {
    if (options_.analyzer == Analyzer::kWord) {
      WordSymbols(
          lowered, options_.words, [&](std::string_view word) { return words_.Find(word); }, out, places);
    } else {
      CharacterSymbols(lowered, options_.analyzer, out, places);
    }
  }

  /// Calls found(feature, first, end) for each occurrence of a feature, which consists of the symbols first ... end -
  /// 1.
  template <class Found>
  void Walk(const SymbolRuns& runs, const Found& found) const {
    const uint32_t* symbols = runs.symbols.data();
    size_t begin = 0;
    for (const size_t run_end : runs.run_ends) {
      for (; begin < run_end; ++begin) {
        const size_t limit = std::min(run_end, begin + options_.max_ngram);
        uint32_t node = NgramTrie::kRoot;
        for (size_t i = begin; i < limit; ++i) {
          if (symbols[i] == WordTable::kNone) break;
          const NgramTrie::Entry* entry = trie_.Find(node, symbols[i]);
          if (entry == nullptr) break;
          if (entry->value != 0) found(entry->value - 1, begin, i + 1);
          node = entry->node;
        }
      }
    }
  }

 private:
  BlockOptions options_;
  WordTable words_;
  NgramTrie trie_;  // a node's value is its feature's number plus 1
};

}  // namespace winnow
