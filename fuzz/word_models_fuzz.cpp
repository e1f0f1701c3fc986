// Words by each kind of tokenizer, compared with the definitions of these, written as plainly as possible. The input
// makes the vocabulary and the words.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "input_bytes.h"
#include "text/utf8.h"
#include "tokenize/bpe_merges.h"
#include "tokenize/unigram.h"
#include "tokenize/wordpiece_vocabulary.h"

namespace {

using Ids = std::vector<int32_t>;

constexpr const char* kLetters[] = {"a", "a", "a", "b", "b", "c", "é", "中"};

std::string Word(winnow::InputBytes& input, size_t most) {
  std::string word;
  for (size_t length = 1 + input.Below(most); length > 0; --length) word += input.OneOf(kLetters);
  return word;
}

/// Different pieces, the first of which has no letters.
std::vector<std::string> Pieces(winnow::InputBytes& input, const char* first) {
  std::vector<std::string> pieces = {first};
  for (size_t count = 1 + input.Below(20); count > 0; --count) {
    std::string piece = Word(input, 5);
    if (std::ranges::find(pieces, piece) == pieces.end()) pieces.push_back(std::move(piece));
  }
  return pieces;
}

int CharactersIn(std::string_view word) {
  int count = 0;
  for (size_t i = 0; i < word.size(); ++count) winnow::NextCodePoint(word, i);
  return count;
}

/// Devlin et al. 2018: the longest piece first, and nothing but [UNK] if one place has no piece.
Ids PlainWordPiece(const std::map<std::string, int32_t>& ids, const std::string& word, int most) {
  Ids found;
  if (CharactersIn(word) > most) return {ids.at("[UNK]")};
  for (size_t begin = 0; begin < word.size();) {
    size_t end = word.size();
    for (; end > begin; --end) {
      const auto piece = ids.find((begin > 0 ? "##" : "") + word.substr(begin, end - begin));
      if (piece == ids.end()) continue;
      found.push_back(piece->second);
      break;
    }
    if (end == begin) return {ids.at("[UNK]")};
    begin = end;
  }
  return found;
}

void CheckWordPiece(winnow::InputBytes& input) {
  std::vector<std::string> pieces = Pieces(input, "[UNK]");
  for (size_t i = 1; i < pieces.size(); ++i) {
    std::string continuing = "##" + pieces[i];
    if (input.Flag() && std::ranges::find(pieces, continuing) == pieces.end()) pieces[i] = std::move(continuing);
  }
  std::map<std::string, int32_t> ids;
  for (size_t i = 0; i < pieces.size(); ++i) ids[pieces[i]] = static_cast<int32_t>(i);
  const int most = 1 + static_cast<int>(input.Below(40));
  const auto vocabulary = winnow::WordPieceVocabulary::Make(pieces, {.max_word_chars = most}, "fuzz");
  if (!vocabulary) std::abort();
  for (size_t words = 1 + input.Below(4); words > 0; --words) {
    const std::string word = Word(input, 30);
    Ids found;
    vocabulary->Encode(word, CharactersIn(word), found);
    if (found != PlainWordPiece(ids, word, most)) std::abort();
  }
}

/// Sennrich et al. 2016: the leftmost pair with the lowest rank, until no pair merges.
Ids PlainBpe(const std::map<std::pair<int32_t, int32_t>, std::pair<int, int32_t>>& merges, Ids ids) {
  for (;;) {
    size_t best = 0;
    int rank = -1;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto merge = merges.find({ids[i], ids[i + 1]});
      if (merge == merges.end() || (rank >= 0 && merge->second.first >= rank)) continue;
      best = i;
      rank = merge->second.first;
    }
    if (rank < 0) return ids;
    ids[best] = merges.at({ids[best], ids[best + 1]}).second;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

void CheckBpe(winnow::InputBytes& input) {
  std::map<std::pair<int32_t, int32_t>, std::pair<int, int32_t>> plain;
  const size_t count = input.Below(40);
  winnow::BpeMerges merges(count);
  for (size_t rank = 0; rank < count; ++rank) {
    const auto left = static_cast<int32_t>(input.Below(4 + rank)), right = static_cast<int32_t>(input.Below(4 + rank));
    // Usually a new piece; sometimes one that another pair makes, too.
    const auto id = static_cast<int32_t>(input.Below(8) == 7 ? input.Below(4 + rank) : 4 + rank);
    merges.Add(left, right, static_cast<uint32_t>(rank), id);
    plain[{left, right}] = {static_cast<int>(rank), id};
  }
  winnow::BpeWord word;
  for (size_t words = 1 + input.Below(3); words > 0; --words) {
    Ids ids, found;
    word.Clear();
    const size_t repeats = input.Below(4) == 3 ? 8 : 1;  // words of more than 64 symbols are merged in another way
    const size_t length = 1 + input.Below(40);
    Ids part;
    for (size_t i = 0; i < length; ++i)
      part.push_back(input.Below(16) == 15 ? -1 : static_cast<int32_t>(input.Below(4)));
    for (size_t i = 0; i < repeats * length; ++i) {
      ids.push_back(part[i % length]);
      word.Add(ids.back(), static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1));
    }
    word.Merge(merges);
    word.ForEach([&](const winnow::BpeWord::Symbol& symbol) { found.push_back(symbol.id); });
    if (found != PlainBpe(plain, ids)) std::abort();
  }
}

/// Kudo 2018: the best of all ways to divide the word. A character without a piece of its own is unknown, at 10 less
/// than the worst score, and unknown characters in a row are one token, as in SentencePiece.
Ids PlainUnigram(const std::vector<winnow::UnigramPiece>& pieces, const std::string& word) {
  struct Best {
    double score = -1e300;
    size_t begin = 0;
    int32_t id = 0;
  };
  double worst = 0;
  for (size_t id = 1; id < pieces.size(); ++id) worst = std::min(worst, pieces[id].score);
  std::vector<Best> best(word.size() + 1);
  best[0].score = 0;
  for (size_t begin = 0; begin < word.size();) {
    size_t next = begin;
    winnow::NextCodePoint(word, next);
    bool whole = false;
    for (size_t end = begin + 1; end <= word.size(); ++end) {
      for (size_t id = 1; id < pieces.size(); ++id) {
        if (word.substr(begin, end - begin) != pieces[id].text) continue;
        whole = whole || end == next;
        const double score = best[begin].score + pieces[id].score;
        if (score > best[end].score) best[end] = {score, begin, static_cast<int32_t>(id)};
      }
    }
    const double unknown = best[begin].score + worst - 10;
    if (!whole && unknown > best[next].score) best[next] = {unknown, begin, 0};
    begin = next;
  }
  Ids ids, merged;
  for (size_t end = word.size(); end > 0; end = best[end].begin) ids.insert(ids.begin(), best[end].id);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != 0 || i == 0 || ids[i - 1] != 0) merged.push_back(ids[i]);
  }
  return merged;
}

void CheckUnigram(winnow::InputBytes& input) {
  winnow::UnigramParts parts;
  for (std::string& piece : Pieces(input, "<unk>")) parts.pieces.push_back({.text = std::move(piece)});
  parts.pieces[0].kind = winnow::UnigramPiece::Kind::kUnknown;
  // Sums of such scores are exact, so that no order of additions matters.
  for (size_t id = 1; id < parts.pieces.size(); ++id)
    parts.pieces[id].score = -static_cast<double>(input.Below(64)) / 8;
  const std::vector<winnow::UnigramPiece> pieces = parts.pieces;
  const auto model = winnow::Unigram::Make(std::move(parts), "fuzz");
  if (!model) std::abort();
  for (size_t words = 1 + input.Below(4); words > 0; --words) {
    const std::string word = Word(input, 30);
    std::vector<winnow::WordToken> tokens;
    (*model)->EncodeWord(word, tokens);
    Ids found;
    uint32_t end = 0;
    for (const winnow::WordToken& token : tokens) {
      if (token.begin != end) std::abort();
      end = token.end;
      found.push_back(token.id);
    }
    if (end != word.size() || found != PlainUnigram(pieces, word)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  winnow::InputBytes input(data, size);
  while (!input.empty()) {
    const size_t kind = input.Below(3);
    if (kind == 0) CheckWordPiece(input);
    if (kind == 1) CheckBpe(input);
    if (kind == 2) CheckUnigram(input);
  }
  return 0;
}
