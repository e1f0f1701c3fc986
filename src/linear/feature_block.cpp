#include "linear/feature_block.h"

#include <algorithm>

#include "text/utf8.h"

namespace winnow {
namespace {

/// The symbols that a feature's name is made of.
void SymbolsOf(std::string_view name, Analyzer analyzer, WordTable& words, std::string& padded,
               std::vector<uint32_t>& symbols) {
  symbols.clear();
  if (analyzer != Analyzer::kWord) {
    for (size_t i = 0; i < name.size();) {
      const auto byte = static_cast<unsigned char>(name[i]);
      symbols.push_back(byte < 0x80 ? static_cast<char32_t>(name[i++]) : NextCodePoint(name, i));
    }
    return;
  }
  padded.assign(name).append(WordTable::kPadding, '\0');
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find(' ', begin), name.size());
    symbols.push_back(words.FindOrAdd(std::string_view(padded).substr(begin, end - begin)));
    begin = end + 1;
  }
}

/// A word too short to have an n-gram of the least length is one as a whole (char_wb).
bool IsShortWord(const std::vector<uint32_t>& symbols) {
  return symbols.size() >= 3 && symbols.front() == U' ' && symbols.back() == U' ';
}

}  // namespace

std::vector<BlockOptions> BlocksOf(const FeatureOptions& options) {
  const auto size = [](int n) { return static_cast<size_t>(n); };
  const WordRule words{options.word_characters, size(options.shortest_word)};
  const BlockOptions first{options.analyzer, size(options.min_ngram), size(options.max_ngram), words};
  if (options.analyzer != Analyzer::kBoth) return {first};
  return {{Analyzer::kWord, first.min_ngram, first.max_ngram, words},
          {Analyzer::kCharWb, size(options.min_char_ngram), size(options.max_char_ngram), words}};
}

Result<FeatureBlock> FeatureBlock::Build(const BlockOptions& options, const StringPool& names, size_t begin,
                                         size_t end) {
  FeatureBlock block;
  block.options_ = options;
  block.trie_.Reserve(end - begin + 1);
  std::string padded;
  // Names are sorted as a rule: then each is mostly the way down to the one before it, and one step more.
  std::vector<uint32_t> symbols, last, way;
  for (size_t i = begin; i < end; ++i) {
    SymbolsOf(names[i], options.analyzer, block.words_, padded, symbols);
    const bool in_range = symbols.size() >= options.min_ngram && symbols.size() <= options.max_ngram;
    const bool short_word = options.analyzer == Analyzer::kCharWb && symbols.size() < options.min_ngram;
    if (!in_range && !(short_word && IsShortWord(symbols))) continue;
    size_t depth = 0;
    while (depth + 1 < std::min(symbols.size(), last.size()) && symbols[depth] == last[depth]) ++depth;
    way.resize(symbols.size());
    for (; depth < symbols.size(); ++depth) {
      const uint32_t parent = depth == 0 ? NgramTrie::kRoot : way[depth - 1];
      NgramTrie::Entry& entry = block.trie_.FindOrAdd(parent, symbols[depth]);
      way[depth] = entry.node;
      if (depth + 1 < symbols.size()) continue;
      if (entry.value != 0) {
        return Fail(ErrorCode::kInvalidModel, "feature '" + std::string(names[i]) + "' occurs twice in the vocabulary");
      }
      entry.value = static_cast<int32_t>(i - begin) + 1;
    }
    last.swap(symbols);
  }
  return block;
}

}  // namespace winnow
