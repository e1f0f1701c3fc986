// Viterbi's algorithm over the places of the normalised text, forwards, as google/sentencepiece, src/unigram_model.cc
// (Model::EncodeOptimized) has it. Sums have 64 bits, as in Hugging Face's tokenizers: scores have 24, so they are
// exact, and of ways to cut a word that score the same (". ..." and "... .") always the same one is taken.
// SentencePiece's own have 32 bits, and there it depends on how the text begins.
//
// The text is not laid out as a whole. A place that no piece of the vocabulary spans, as the text goes there (almost
// every beginning of a word), is one that all ways of cutting pass through: what comes before is settled, whatever
// follows. So the best path up to there is written out and forgotten, and a text is read only as far as the tokens that
// are asked for need.
#include "tokenize/unigram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/ascii.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kLongestPiece = 1024;  // bytes; SentencePiece trains pieces of 16 characters

/// The value of "<0x41>", or -1.
int ByteOf(std::string_view piece) {
  const auto digit = [](char c) { return IsAsciiDigit(c) ? c - '0' : (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1); };
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return -1;
  const int high = digit(piece[3]), low = digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Returns the length of a character by its first byte.
size_t LengthOf(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : (byte < 0xE0 ? 2 : (byte < 0xF0 ? 3 : 4));
}

/// Returns where the span of the piece [begin, end) begins: after a "▁", unless the piece has nothing else.
size_t BeginOfSpan(std::string_view text, size_t begin, size_t end) {
  const bool after = end - begin > kSpaceSymbol.size() && text.substr(begin).starts_with(kSpaceSymbol);
  return after ? begin + kSpaceSymbol.size() : begin;
}

/// Returns what is wrong with a piece, or "".
std::string FaultOf(const UnigramPiece& piece, size_t id) {
  if (piece.text.empty()) return "the piece " + std::to_string(id) + " is empty";
  if (piece.text.size() > kLongestPiece) return "the piece " + std::to_string(id) + " has more than 1024 bytes";
  if (!IsUtf8(piece.text)) return "the piece " + std::to_string(id) + " is not UTF-8";
  if (!std::isfinite(piece.score)) return "the score of '" + piece.text + "' is not a number";
  return "";
}

}  // namespace

/// One text on its way.
class Unigram::Walk {
 public:
  Walk(const Unigram& model, std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
       std::vector<TokenSpan>* spans)
      : model_(model),
        base_(base),
        limit_(limit),
        ids_(ids),
        spans_(spans),
        stream_(model.normalizer_, text, spans != nullptr) {}

  void Run() {
    best_.resize(1);
    size_t furthest = 0;  // where some piece ends that began before `at`
    bool more = true;
    for (size_t at = 0;;) {
      while (more && stream_.settled() < at + model_.trie_.longest()) more = stream_.More();
      if (furthest == at) {
        WriteUpTo(at);
        if (ids_.size() >= limit_ || at >= stream_.settled()) return;
        if (at >= kForget) {
          stream_.Forget(at);
          best_.erase(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(at));
          furthest = written_ = at = 0;
        }
      }
      furthest = std::max(furthest, Step(at));
      at += LengthOf(stream_.bytes()[at]);
    }
  }

 private:
  static constexpr size_t kForget = 4096;  // bytes written out that are kept, to move the rest seldom

  size_t Step(size_t at) {
    best_.resize(stream_.settled() + 1);
    return model_.Step(std::string_view(stream_.bytes()).substr(0, stream_.settled()), at, best_);
  }

  /// The best path from what is written to a place that all paths pass through.
  void WriteUpTo(size_t at) {
    path_.clear();
    for (size_t end = at; end > written_; end = best_[end].begin) path_.push_back(static_cast<uint32_t>(end));
    for (size_t i = path_.size(); i-- > 0 && ids_.size() < limit_;)
      Write(best_[path_[i]].begin, path_[i], best_[path_[i]].id);
    written_ = at;
  }

  void Write(size_t begin, size_t end, int32_t id) {
    const bool unknown = id == model_.unknown_id_;
    const bool goes_on = unknown && after_unknown_;
    after_unknown_ = unknown;
    TokenSpan span;
    if (spans_ != nullptr) {
      const size_t from = BeginOfSpan(stream_.bytes(), begin, end);
      span = {static_cast<uint32_t>(base_ + stream_.sources()[from].begin),
              static_cast<uint32_t>(base_ + stream_.sources()[end - 1].end)};
    }
    if (unknown && model_.byte_fallback_) {
      for (size_t i = begin; i < end; ++i) Add(model_.bytes_[static_cast<unsigned char>(stream_.bytes()[i])], span);
    } else if (!goes_on) {
      Add(id, span);
    } else if (spans_ != nullptr) {
      spans_->back().end = span.end;
    }
  }

  void Add(int32_t id, TokenSpan span) {
    ids_.push_back(id);
    if (spans_ != nullptr) spans_->push_back(span);
  }

  const Unigram& model_;
  const size_t base_, limit_;
  std::vector<int32_t>& ids_;
  std::vector<TokenSpan>* spans_;
  UnigramNormalizer::Stream stream_;
  std::vector<Place> best_;     // by place in stream_.bytes()
  std::vector<uint32_t> path_;  // ends of pieces, the last first
  size_t written_ = 0;
  bool after_unknown_ = false;
};

/// All pieces that begin at a place of `text`; `best` has one place more than the text has bytes. Returns the end of
/// the longest.
size_t Unigram::Step(std::string_view text, size_t at, std::span<Place> best) const {
  const double so_far = best[at].score;
  const auto reach = [&](size_t end, double score, int32_t id) {
    Place& place = best[end];
    if (place.begin != kUnreached && !(score > place.score)) return;
    place = {score, id, static_cast<uint32_t>(at)};
  };
  const size_t one = std::min(at + LengthOf(text[at]), text.size());
  bool has_one = false;
  size_t furthest = one;
  uint32_t node = trie_.Root(static_cast<unsigned char>(text[at]));
  for (size_t end = at + 1; node != PieceTrie::kNone; ++end) {
    if (const int32_t id = trie_.Id(node); id >= 0) {
      reach(end, so_far + Score(id, end - at), id);
      has_one = has_one || end == one;
      furthest = std::max(furthest, end);
    }
    if (end == text.size()) break;
    node = trie_.Next(node, static_cast<unsigned char>(text[end]));
  }
  if (!has_one) reach(one, so_far + unknown_score_, unknown_id_);
  return furthest;
}

void Unigram::EncodeWord(std::string_view word, std::vector<WordToken>& tokens) const {
  constexpr size_t kShort = 64;
  std::array<Place, kShort + 1> few;
  std::vector<Place> many(word.size() > kShort ? word.size() + 1 : 0);
  const std::span<Place> best = word.size() > kShort ? std::span(many) : std::span(few);
  for (size_t at = 0; at < word.size(); at += LengthOf(word[at])) static_cast<void>(Step(word, at, best));
  // The path is known from its end.
  const auto first = static_cast<std::ptrdiff_t>(tokens.size());
  bool before_unknown = false;
  for (size_t end = word.size(); end > 0; end = best[end].begin) {
    const int32_t id = best[end].id;
    const size_t begin = best[end].begin;
    const WordToken token = {id, static_cast<uint32_t>(BeginOfSpan(word, begin, end)), static_cast<uint32_t>(end)};
    const bool unknown = id == unknown_id_;
    if (unknown && byte_fallback_) {
      for (size_t i = end; i-- > begin;)
        tokens.push_back({bytes_[static_cast<unsigned char>(word[i])], token.begin, token.end});
    } else if (unknown && before_unknown) {
      tokens.back().begin = token.begin;
    } else {
      tokens.push_back(token);
    }
    before_unknown = unknown;
  }
  std::reverse(tokens.begin() + first, tokens.end());
}

Result<std::unique_ptr<Unigram>> Unigram::Make(UnigramParts parts, std::string_view where) {
  const auto broken = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": " + what);
  };
  using Kind = UnigramPiece::Kind;
  std::unique_ptr<Unigram> model(new Unigram);
  model->normalizer_ = TRY(UnigramNormalizer::Make(std::move(parts.normalization), where));
  model->byte_fallback_ = parts.byte_fallback;
  model->pieces_ = std::move(parts.pieces);
  model->bytes_.fill(-1);
  model->scores_.reserve(model->pieces_.size());
  std::vector<std::pair<std::string_view, int32_t>> found, user_defined;
  double min_score = std::numeric_limits<double>::infinity(), max_score = -min_score;
  for (size_t i = 0; i < model->pieces_.size(); ++i) {
    const UnigramPiece& piece = model->pieces_[i];
    const auto id = static_cast<int32_t>(i);
    if (const std::string fault = FaultOf(piece, i); !fault.empty()) return broken(fault);
    model->scores_.push_back(piece.score);
    const bool found_too = piece.kind == Kind::kUnknown && parts.finds_unknown;
    if (found_too) found.emplace_back(piece.text, id);
    if (piece.kind == Kind::kNormal || found_too) {
      min_score = std::min(min_score, piece.score);
      max_score = std::max(max_score, piece.score);
    }
    if (piece.kind == Kind::kNormal || piece.kind == Kind::kUserDefined) {
      found.emplace_back(piece.text, id);
      if (piece.kind == Kind::kUserDefined) user_defined.emplace_back(piece.text, id);
      continue;
    }
    model->other_.push_back(id);
    if (piece.kind == Kind::kUnknown) {
      if (model->unknown_id_ >= 0) return broken("there are two pieces for unknown characters");
      model->unknown_id_ = id;
    }
    if (piece.kind == Kind::kByte) {
      const int byte = ByteOf(piece.text);
      if (byte < 0) return broken("the byte piece '" + piece.text + "' does not name a byte");
      model->bytes_[static_cast<size_t>(byte)] = id;
    }
  }
  if (model->unknown_id_ < 0) return broken("the vocabulary has no piece for unknown characters (unk)");
  if (model->byte_fallback_ && std::ranges::find(model->bytes_, -1) != model->bytes_.end())
    return broken("byte fallback needs pieces for all 256 bytes, <0x00> to <0xFF>");
  if (min_score > max_score) return broken("there are no ordinary pieces");
  model->unknown_score_ = min_score - 10;  // SentencePiece's kUnkPenalty
  model->max_score_ = max_score;
  model->user_defined_ = !user_defined.empty();
  model->normalizer_.SetUserDefined(PieceTrie(std::move(user_defined)));
  const size_t count = found.size();
  model->trie_ = PieceTrie(std::move(found));
  if (model->trie_.pieces() != count) return broken("a piece occurs twice in the vocabulary");
  return model;
}

void Unigram::Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
                     std::vector<TokenSpan>* spans) const {
  Walk(*this, text, base, limit, ids, spans).Run();
}

int32_t Unigram::Find(std::string_view piece) const {
  for (const int32_t id : other_) {
    if (pieces_[static_cast<size_t>(id)].text == piece) return id;
  }
  return trie_.Find(piece);
}

bool Unigram::lowercase() const { return normalizer_.options().lowercase; }

}  // namespace winnow
