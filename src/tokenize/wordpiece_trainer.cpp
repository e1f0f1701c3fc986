// Words are counted once. Each is a row of pieces; pairs of neighbours are counted over all words. A heap gives the
// most frequent pair; counts change as merges happen, so an entry whose count is out of date is put back with the true
// one. Only words that hold the pair are walked again.
#include "tokenize/wordpiece_trainer.h"

#include <algorithm>
#include <array>
#include <map>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr std::array kSpecialTokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr size_t kMaxWordBytes = 256;  // longer ones are no words, and would be [UNK] anyway

using Pair = uint64_t;
Pair MakePair(int32_t a, int32_t b) { return uint64_t{static_cast<uint32_t>(a)} << 32 | static_cast<uint32_t>(b); }
int32_t First(Pair pair) { return static_cast<int32_t>(pair >> 32); }
int32_t Second(Pair pair) { return static_cast<int32_t>(pair & 0xFFFFFFFFu); }

struct Word {
  std::vector<int32_t> pieces;
  int64_t count = 0;
};

/// Normalised words and how often they occur, in byte order.
std::map<std::string, int64_t> CountWords(std::span<const std::string> texts, const BertCharacters& characters) {
  std::map<std::string, int64_t> counts;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && word.size() <= kMaxWordBytes) ++counts[word];
    word.clear();
  };
  for (const std::string& text : texts) {
    for (size_t i = 0; i < text.size();) {
      const BertCharacter& c = characters.At(NextCodePoint(text, i));
      if (c.kind == BertCharacter::Kind::kDrop) continue;
      if (c.kind != BertCharacter::Kind::kInWord) end_word();
      if (c.kind != BertCharacter::Kind::kSpace) word.append(c.bytes.data(), c.length);
      if (c.kind == BertCharacter::Kind::kAlone) end_word();
    }
    end_word();
  }
  return counts;
}

std::vector<std::string> Characters(const std::string& word) {
  std::vector<std::string> characters;
  for (size_t i = 0; i < word.size();) {
    const size_t begin = i;
    NextCodePoint(word, i);
    characters.push_back(word.substr(begin, i - begin));
  }
  return characters;
}

class Merger {
 public:
  Merger(const std::map<std::string, int64_t>& counts, const WordPieceTrainerOptions& options) : options_(options) {
    for (const char* token : kSpecialTokens) Piece(token);
    const std::unordered_set<std::string> alphabet = MakeAlphabet(counts);
    for (const auto& [text, count] : counts) AddWord(text, count, alphabet);
  }

  std::vector<std::string> Run() {
    for (const auto& [pair, count] : pair_counts_) heap_.push({count, pair});
    while (pieces_.size() < static_cast<size_t>(options_.vocab_size) && !heap_.empty()) {
      const Entry top = heap_.top();
      heap_.pop();
      const int64_t now = pair_counts_[top.pair];
      if (now < options_.min_frequency) continue;
      if (now != top.count) {
        heap_.push({now, top.pair});
        continue;
      }
      Merge(top.pair);
    }
    return std::move(pieces_);
  }

 private:
  struct Entry {
    int64_t count;
    Pair pair;
    /// The most frequent first; of equals the one whose pieces are older.
    bool operator<(const Entry& other) const { return count != other.count ? count < other.count : pair > other.pair; }
  };

  int32_t Piece(const std::string& text) {
    const auto [found, added] = ids_.try_emplace(text, static_cast<int32_t>(pieces_.size()));
    if (added) pieces_.push_back(text);
    return found->second;
  }

  std::unordered_set<std::string> MakeAlphabet(const std::map<std::string, int64_t>& counts) {
    std::map<std::string, int64_t> characters;
    for (const auto& [text, count] : counts) {
      for (const std::string& c : Characters(text)) characters[c] += count;
    }
    std::vector<std::pair<std::string, int64_t>> order(characters.begin(), characters.end());
    std::ranges::stable_sort(order, std::greater<>(), &std::pair<std::string, int64_t>::second);
    // Each character may need two pieces: one that begins a word and one that continues it.
    const size_t room = (static_cast<size_t>(options_.vocab_size) - kSpecialTokens.size() + 1) / 2;
    order.resize(std::min({order.size(), static_cast<size_t>(options_.max_alphabet), room}));
    std::unordered_set<std::string> alphabet;
    for (auto& [c, count] : order) alphabet.insert(c);
    return alphabet;
  }

  void AddWord(const std::string& text, int64_t count, const std::unordered_set<std::string>& alphabet) {
    Word word{.pieces = {}, .count = count};
    for (const std::string& c : Characters(text)) {
      if (!alphabet.contains(c)) return;  // the word is [UNK] whatever is merged
      word.pieces.push_back(Piece(word.pieces.empty() ? c : "##" + c));
    }
    const auto index = static_cast<uint32_t>(words_.size());
    for (size_t i = 0; i + 1 < word.pieces.size(); ++i)
      CountPair(MakePair(word.pieces[i], word.pieces[i + 1]), count, index);
    words_.push_back(std::move(word));
  }

  void CountPair(Pair pair, int64_t count, uint32_t word) {
    pair_counts_[pair] += count;
    if (count > 0) words_of_pair_[pair].push_back(word);
  }

  void Merge(Pair pair) {
    std::string text = pieces_[static_cast<size_t>(First(pair))];
    const std::string& second = pieces_[static_cast<size_t>(Second(pair))];
    text += second.substr(2);  // a piece that follows another begins with ##
    const int32_t merged = Piece(text);
    const std::vector<uint32_t> holders = std::move(words_of_pair_[pair]);
    words_of_pair_.erase(pair);
    std::vector<Pair> grown;
    for (const uint32_t index : holders) {
      Word& word = words_[index];
      for (size_t i = 0; i + 1 < word.pieces.size(); ++i) {
        if (MakePair(word.pieces[i], word.pieces[i + 1]) != pair) continue;
        if (i > 0) {
          CountPair(MakePair(word.pieces[i - 1], word.pieces[i]), -word.count, index);
          grown.push_back(MakePair(word.pieces[i - 1], merged));
          CountPair(grown.back(), word.count, index);
        }
        if (i + 2 < word.pieces.size()) {
          CountPair(MakePair(word.pieces[i + 1], word.pieces[i + 2]), -word.count, index);
          grown.push_back(MakePair(merged, word.pieces[i + 2]));
          CountPair(grown.back(), word.count, index);
        }
        word.pieces[i] = merged;
        word.pieces.erase(word.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
    pair_counts_[pair] = 0;
    std::ranges::sort(grown);
    grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
    for (const Pair changed : grown) heap_.push({pair_counts_[changed], changed});
  }

  const WordPieceTrainerOptions& options_;
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<Pair, int64_t> pair_counts_;
  std::unordered_map<Pair, std::vector<uint32_t>> words_of_pair_;
  std::priority_queue<Entry> heap_;
};

}  // namespace

Result<Tokenizer> TrainWordPiece(std::span<const std::string> texts, const WordPieceTrainerOptions& options) {
  if (options.vocab_size <= static_cast<int>(kSpecialTokens.size())) {
    return Fail(ErrorCode::kInvalidArgument, "a vocabulary of " + std::to_string(options.vocab_size) +
                                                 " pieces is too small to contain any character");
  }
  TokenizerParts parts;
  parts.normalization.lowercase = parts.normalization.strip_accents = options.lowercase;
  const BertCharacters characters(parts.normalization);
  parts.pieces = Merger(CountWords(texts, characters), options).Run();
  for (size_t i = 0; i < kSpecialTokens.size(); ++i) {
    parts.added.push_back({.content = kSpecialTokens[i], .id = static_cast<int32_t>(i), .special = true});
  }
  parts.before = {2};
  parts.after = {3};
  return Tokenizer::Make(std::move(parts), "new vocabulary");
}

}  // namespace winnow
