// Two ways to a word's pieces. Most words are pieces themselves: one look into a hash table of whole words. The others
// walk a trie of bytes, once for each piece, remembering the last node where a piece ended. The trie is one hash table
// of steps (node, byte) -> node: it is built in milliseconds, and no slower than a double array for the few words that
// need it.
#include "tokenize/wordpiece_vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace winnow {
namespace {

uint64_t Mix(uint64_t x) {
  x ^= x >> 32;
  x *= 0x9E3779B97F4A7C15ull;
  return x ^ (x >> 29);
}

/// A byte makes at most two nodes of the tries, and a node's number has 24 bits in a step.
constexpr size_t kMaxBytes = size_t{1} << 23;

/// Eight bytes at a time; words are short.
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0x9AE16A3B2F90404Full ^ text.size();
  const char* p = text.data();
  size_t left = text.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t block;
    std::memcpy(&block, p, 8);
    hash = Mix(hash ^ block) * 0xC2B2AE3D27D4EB4Full;
  }
  uint64_t block = 0;
  for (size_t i = 0; i < left; ++i) block |= uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
  return Mix(hash ^ block);
}

}  // namespace

Result<WordPieceVocabulary> WordPieceVocabulary::Make(std::vector<std::string> pieces, const Options& options,
                                                      std::string_view where) {
  WordPieceVocabulary vocabulary;
  vocabulary.options_ = options;
  vocabulary.pieces_ = std::move(pieces);
  const size_t count = vocabulary.pieces_.size();
  if (count == 0) return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the vocabulary is empty");
  if (count > (size_t{1} << 22)) {
    return Fail(ErrorCode::kInvalidModel,
                std::string(where) + ": " + std::to_string(count) + " pieces exceed the supported vocabulary size");
  }
  size_t bytes = 0;
  for (const std::string& piece : vocabulary.pieces_) bytes += piece.size();
  if (bytes >= kMaxBytes) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the pieces of the vocabulary are too long in total");
  }
  vocabulary.words_.assign(std::bit_ceil(count * 2), -1);
  vocabulary.steps_.resize(std::bit_ceil(count * 4));
  vocabulary.id_of_node_ = {-1, -1};
  const size_t mask = vocabulary.words_.size() - 1;
  for (size_t i = 0; i < count; ++i) {
    const std::string& piece = vocabulary.pieces_[i];
    if (piece.empty()) continue;
    const auto id = static_cast<int32_t>(i);
    size_t place = HashOf(piece) & mask;
    for (; vocabulary.words_[place] >= 0; place = (place + 1) & mask) {
      const auto other = static_cast<size_t>(vocabulary.words_[place]);
      if (vocabulary.pieces_[other] != piece) continue;
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": '" + piece +
                                                "' occurs twice in the vocabulary, as ids " + std::to_string(other) +
                                                " and " + std::to_string(i));
    }
    vocabulary.words_[place] = id;
    const bool continues = piece.size() > options.continuation.size() && piece.starts_with(options.continuation) &&
                           !options.continuation.empty();
    vocabulary.Insert(kWordRoot, piece, id);
    if (continues)
      vocabulary.Insert(kContinuationRoot, std::string_view(piece).substr(options.continuation.size()), id);
    if (options.continuation.empty()) vocabulary.Insert(kContinuationRoot, piece, id);
  }
  vocabulary.unknown_id_ = vocabulary.Find(options.unknown);
  if (vocabulary.unknown_id_ < 0) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the vocabulary has no " + options.unknown,
                "it is required for words outside the vocabulary; use the vocab.txt of a BERT model");
  }
  return vocabulary;
}

void WordPieceVocabulary::GrowSteps() {
  std::vector<Step> old = std::exchange(steps_, std::vector<Step>(steps_.size() * 2));
  const size_t mask = steps_.size() - 1;
  for (const Step& step : old) {
    if (step.from == 0) continue;
    size_t place = Mix(step.from) & mask;
    while (steps_[place].from != 0) place = (place + 1) & mask;
    steps_[place] = step;
  }
}

void WordPieceVocabulary::Insert(uint32_t root, std::string_view text, int32_t id) {
  uint32_t node = root;
  for (const char c : text) {
    if (step_count_ * 2 >= steps_.size()) GrowSteps();
    const uint32_t from = (node << 8 | static_cast<unsigned char>(c)) + 1;
    const size_t mask = steps_.size() - 1;
    size_t place = Mix(from) & mask;
    while (steps_[place].from != 0 && steps_[place].from != from) place = (place + 1) & mask;
    if (steps_[place].from == 0) {
      steps_[place] = {from, static_cast<uint32_t>(id_of_node_.size())};
      id_of_node_.push_back(-1);
      ++step_count_;
    }
    node = steps_[place].to;
  }
  id_of_node_[node] = id;
}

uint32_t WordPieceVocabulary::Next(uint32_t node, unsigned char byte) const {
  const uint32_t from = (node << 8 | byte) + 1;
  const size_t mask = steps_.size() - 1;
  for (size_t place = Mix(from) & mask;; place = (place + 1) & mask) {
    if (steps_[place].from == from) return steps_[place].to;
    if (steps_[place].from == 0) return 0;  // no step leads to a root
  }
}

int32_t WordPieceVocabulary::Find(std::string_view piece) const {
  if (words_.empty()) return -1;
  const int32_t* found = FindWord(piece, HashOf(piece));
  return found == nullptr ? -1 : *found;
}

const int32_t* WordPieceVocabulary::FindWord(std::string_view word, uint64_t hash) const {
  const size_t mask = words_.size() - 1;
  for (size_t place = hash & mask; words_[place] >= 0; place = (place + 1) & mask) {
    if (pieces_[static_cast<size_t>(words_[place])] == word) return &words_[place];
  }
  return nullptr;
}

/// Calls piece(id, end) for each piece; false where the word has no pieces.
template <class Piece>
bool WordPieceVocabulary::Split(std::string_view word, const Piece& piece) const {
  for (size_t begin = 0; begin < word.size();) {
    uint32_t node = begin == 0 ? kWordRoot : kContinuationRoot;
    int32_t best = -1;
    size_t best_end = begin;
    for (size_t i = begin; i < word.size(); ++i) {
      node = Next(node, static_cast<unsigned char>(word[i]));
      if (node == 0) break;
      if (id_of_node_[node] < 0) continue;
      best = id_of_node_[node];
      best_end = i + 1;
    }
    if (best < 0) return false;
    piece(best, best_end);
    begin = best_end;
  }
  return true;
}

void WordPieceVocabulary::Encode(std::string_view word, int chars, std::vector<int32_t>& ids) const {
  if (chars > options_.max_word_chars) {
    ids.push_back(unknown_id_);
    return;
  }
  if (const int32_t* whole = FindWord(word, HashOf(word))) {
    ids.push_back(*whole);
    return;
  }
  const size_t before = ids.size();
  if (Split(word, [&](int32_t id, size_t) { ids.push_back(id); })) return;
  ids.resize(before);
  ids.push_back(unknown_id_);
}

void WordPieceVocabulary::Encode(std::string_view word, int chars, std::vector<WordToken>& tokens) const {
  const size_t before = tokens.size();
  uint32_t begin = 0;
  const bool known = chars <= options_.max_word_chars && Split(word, [&](int32_t id, size_t end) {
                       tokens.push_back({id, begin, static_cast<uint32_t>(end)});
                       begin = static_cast<uint32_t>(end);
                     });
  if (known) return;
  tokens.resize(before);
  tokens.push_back({unknown_id_, 0, static_cast<uint32_t>(word.size())});
}

}  // namespace winnow
