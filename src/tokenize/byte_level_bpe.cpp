// A word's merges: its symbols lie in a list linked both ways, and the merge with the lowest rank, the leftmost of
// equals, is done until none is left. Short words, nearly all, are searched through for it; long ones keep their merges
// in a heap, where those that have become void are recognised when they come up. Between two bytes that stand side by
// side in no piece nothing ever merges: there a word is cut before, so that what is kept at a time is mostly short.
#include "tokenize/byte_level_bpe.h"

#include <algorithm>
#include <map>
#include <queue>

#include "text/character_classes.h"
#include "text/utf8.h"
#include "tokenize/byte_letters.h"

namespace winnow {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint64_t PairOf(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

uint64_t Mix(uint64_t x) {  // the finaliser of MurmurHash3
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
  return x ^ x >> 33;
}

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return Mix(hash);
}

bool IsSpaceByte(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

size_t ByteLevelWord(std::string_view text, size_t begin) {
  const std::string_view rest = text.substr(begin);
  if (rest[0] == '\'') {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (rest.starts_with(ending)) return ending.size();
    }
  }
  const size_t first = rest[0] == ' ' ? 1 : 0;
  if (first < rest.size()) {
    size_t end = first;
    const CharacterClass kind = ClassOf(NextCodePoint(rest, end));
    if (kind != CharacterClass::kSpace) {
      for (size_t next = end; next < rest.size(); end = next) {
        if (ClassOf(NextCodePoint(rest, next)) != kind) return end;
      }
      return rest.size();
    }
  }
  // White space: all of it at the end of the text; else but its last character, which may belong to the next word.
  size_t last = 0;
  for (size_t end = 0, next = 0; next < rest.size(); last = end, end = next) {
    if (ClassOf(NextCodePoint(rest, next)) != CharacterClass::kSpace) return last > 0 ? last : end;
  }
  return rest.size();
}

/// One text on its way.
class ByteLevelBpe::Encoding {
 public:
  Encoding(const ByteLevelBpe& model, size_t limit, std::vector<int32_t>& ids, std::vector<TokenSpan>* spans)
      : model_(model), limit_(limit), ids_(ids), spans_(spans) {}

  /// A word that begins at `begin` of the text.
  void Add(std::string_view word, size_t begin) {
    word_ = word;
    word_begin_ = begin;
    for (size_t i = 0; i < word.size() && ids_.size() < limit_;) {
      const size_t at = i;
      if (static_cast<unsigned char>(word[i]) < 0x80) {
        ++i;
        AddByte(word[at], begin + at, begin + i);
        continue;
      }
      if (NextCodePoint(word, i) == 0xFFFD) {
        for (const char c : kReplacement) AddByte(c, begin + at, begin + i);
      } else {
        for (size_t j = at; j < i; ++j) AddByte(word[j], begin + j, begin + j + 1);
      }
    }
    Flush();
  }

 private:
  static constexpr size_t kShort = 64;
  static constexpr uint32_t kNowhere = UINT32_MAX;

  struct Symbol {
    int32_t id = -1;
    uint32_t begin = 0, end = 0;  // among the word's bytes
    uint32_t previous = kNowhere, next = kNowhere;
  };

  Symbol* symbols() { return size_ <= kShort ? short_.data() : long_.data(); }

  void AddByte(char c, size_t begin, size_t end) {
    const auto byte = static_cast<unsigned char>(c);
    if (size_ > 0 && !model_.neighbours_[static_cast<size_t>(last_byte_ << 8 | byte)]) Flush();
    last_byte_ = byte;
    const int32_t id = model_.bytes_[byte];
    const auto at = static_cast<uint32_t>(size_);
    if (size_ == kShort) long_.assign(short_.begin(), short_.end());
    const Symbol symbol{.id = id, .begin = at, .end = at + 1, .previous = at == 0 ? kNowhere : at - 1, .next = at + 1};
    if (size_ < kShort) {
      short_[size_] = symbol;
    } else {
      long_.push_back(symbol);
    }
    ++size_;
    if (spans_ != nullptr) sources_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  }

  /// Merges and writes what there is.
  void Flush() {
    if (size_ <= kShort) {
      MergeShort();
    } else {
      MergeLong();
    }
    for (uint32_t i = 0; i < size_; i = symbols()[i].next) Write(symbols()[i]);
    size_ = 0;
    sources_.clear();
  }

  /// Takes the symbol after `left` into it.
  void Join(uint32_t left, int32_t id) {
    Symbol* all = symbols();
    const uint32_t right = all[left].next;
    all[left].id = id;
    all[left].end = all[right].end;
    all[left].next = all[right].next;
    all[right].id = kGone;
    if (all[left].next < size_) all[all[left].next].previous = left;
  }

  void MergeShort() {
    if (size_ == 0) return;
    std::array<Merge, kShort> merges;  // of each symbol with the next
    Symbol* all = symbols();
    const auto look = [&](uint32_t i) {
      merges[i] = all[i].next < size_ ? model_.FindMerge(all[i].id, all[all[i].next].id) : Merge{};
    };
    for (uint32_t i = 0; i < size_; ++i) look(i);
    while (true) {
      uint32_t best = 0;
      for (uint32_t i = 0; i < size_; i = all[i].next) {
        if (merges[i].rank < merges[best].rank) best = i;
      }
      if (merges[best].id < 0) return;
      Join(best, merges[best].id);
      look(best);
      if (all[best].previous != kNowhere) look(all[best].previous);
    }
  }

  void MergeLong() {
    struct Candidate {
      uint32_t rank, at;
      uint64_t pair;
      int32_t id;
      bool operator<(const Candidate& other) const {  // the queue's top is its largest
        return rank != other.rank ? rank > other.rank : at > other.at;
      }
    };
    std::priority_queue<Candidate> queue;
    Symbol* all = symbols();
    const auto look = [&](uint32_t i) {
      if (all[i].next >= size_) return;
      const Merge& merge = model_.FindMerge(all[i].id, all[all[i].next].id);
      if (merge.id >= 0) queue.push({merge.rank, i, merge.pair, merge.id});
    };
    for (uint32_t i = 0; i < size_; ++i) look(i);
    while (!queue.empty()) {
      const Candidate candidate = queue.top();
      queue.pop();
      const Symbol& left = all[candidate.at];
      if (left.id < 0 || left.next >= size_ || PairOf(left.id, all[left.next].id) != candidate.pair) continue;
      Join(candidate.at, candidate.id);
      look(candidate.at);
      if (all[candidate.at].previous != kNowhere) look(all[candidate.at].previous);
    }
  }

  void Write(const Symbol& symbol) {
    const int32_t id = symbol.id >= 0 ? symbol.id : model_.unknown_id_;
    if (id < 0) return;
    ids_.push_back(id);
    if (spans_ == nullptr) return;
    TokenSpan span = {sources_[symbol.begin].begin, sources_[symbol.end - 1].end};
    if (model_.trim_offsets_) {
      while (span.begin < span.end && IsSpaceByte(word_[span.begin - word_begin_])) ++span.begin;
      while (span.begin < span.end && IsSpaceByte(word_[span.end - 1 - word_begin_])) --span.end;
    }
    spans_->push_back(span);
  }

  static constexpr int32_t kGone = -2;

  const ByteLevelBpe& model_;
  const size_t limit_;
  std::vector<int32_t>& ids_;
  std::vector<TokenSpan>* spans_;
  std::string_view word_;
  size_t word_begin_ = 0;
  size_t size_ = 0;  // bytes that are not written yet
  unsigned last_byte_ = 0;
  std::array<Symbol, kShort> short_;
  std::vector<Symbol> long_;
  std::vector<TokenSpan> sources_;
};

Result<std::unique_ptr<PieceModel>> ByteLevelBpe::Make(ByteLevelBpeParts parts, std::string_view where) {
  const auto broken = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": " + what);
  };
  std::unique_ptr<ByteLevelBpe> model(new ByteLevelBpe);
  model->pieces_ = std::move(parts.pieces);
  model->add_prefix_space_ = parts.add_prefix_space;
  model->trim_offsets_ = parts.trim_offsets;
  size_t capacity = 16;
  while (capacity < 2 * model->pieces_.size()) capacity *= 2;
  model->places_.assign(capacity, -1);
  for (size_t id = 0; id < model->pieces_.size(); ++id) {
    if (model->pieces_[id].empty()) continue;
    int32_t& place = model->places_[model->PlaceOf(model->pieces_[id])];
    if (place >= 0) return broken("'" + model->pieces_[id] + "' occurs twice in the vocabulary");
    place = static_cast<int32_t>(id);
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    model->bytes_[byte] = model->Find(ByteLetter(static_cast<unsigned char>(byte)));
  }
  model->FindNeighbours();
  if (!parts.unknown.empty()) model->unknown_id_ = model->Find(parts.unknown);
  capacity = 16;
  while (capacity < 2 * parts.merges.size()) capacity *= 2;
  model->merges_.resize(capacity);
  for (uint32_t rank = 0; rank < parts.merges.size(); ++rank) {
    const auto& [left, right] = parts.merges[rank];
    const int32_t left_id = model->Find(left), right_id = model->Find(right), id = model->Find(left + right);
    if (left_id < 0 || right_id < 0 || id < 0) {
      std::string message = "the merge " + std::to_string(rank);
      message.append(" ('").append(left).append("', '").append(right);
      return broken(message.append("') uses or produces a piece that is not in the vocabulary"));
    }
    const uint64_t pair = PairOf(left_id, right_id);
    size_t at = Mix(pair) & (capacity - 1);
    while (model->merges_[at].pair != kNoPair && model->merges_[at].pair != pair) at = (at + 1) & (capacity - 1);
    model->merges_[at] = {pair, rank, id};
  }
  return model;
}

void ByteLevelBpe::FindNeighbours() {
  std::map<std::string_view, size_t> bytes;
  for (size_t byte = 0; byte < 256; ++byte) bytes.emplace(ByteLetter(static_cast<unsigned char>(byte)), byte);
  for (const std::string& piece : pieces_) {
    size_t last = 256;
    for (size_t i = 0; i < piece.size();) {
      const size_t begin = i;
      NextCodePoint(piece, i);
      const auto found = bytes.find(std::string_view(piece).substr(begin, i - begin));
      if (found != bytes.end() && last < 256) neighbours_.set(last << 8 | found->second);
      last = found == bytes.end() ? 256 : found->second;
    }
  }
}

size_t ByteLevelBpe::PlaceOf(std::string_view piece) const {
  size_t at = HashOf(piece) & (places_.size() - 1);
  while (places_[at] >= 0 && pieces_[static_cast<size_t>(places_[at])] != piece) at = (at + 1) & (places_.size() - 1);
  return at;
}

int32_t ByteLevelBpe::Find(std::string_view piece) const { return places_[PlaceOf(piece)]; }

const ByteLevelBpe::Merge& ByteLevelBpe::FindMerge(int32_t left, int32_t right) const {
  static const Merge kNone;
  if (left < 0 || right < 0) return kNone;
  const uint64_t pair = PairOf(left, right);
  size_t at = Mix(pair) & (merges_.size() - 1);
  while (merges_[at].pair != pair) {
    if (merges_[at].pair == kNoPair) return kNone;
    at = (at + 1) & (merges_.size() - 1);
  }
  return merges_[at];
}

void ByteLevelBpe::Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
                          std::vector<TokenSpan>* spans) const {
  const size_t before = spans == nullptr ? 0 : spans->size();
  std::string with_space;
  const bool prefixed = add_prefix_space_ && !text.empty() && text[0] != ' ';
  if (prefixed) {
    with_space.reserve(text.size() + 1);
    with_space.append(" ").append(text);
    text = with_space;
  }
  Encoding encoding(*this, limit, ids, spans);
  for (size_t begin = 0; begin < text.size() && ids.size() < limit;) {
    const size_t length = ByteLevelWord(text, begin);
    encoding.Add(text.substr(begin, length), begin);
    begin += length;
  }
  if (spans == nullptr) return;
  for (size_t i = before; i < spans->size(); ++i) {
    TokenSpan& span = (*spans)[i];
    if (prefixed) span = {span.begin - (span.begin > 0 ? 1 : 0), span.end - (span.end > 0 ? 1 : 0)};
    span = {static_cast<uint32_t>(span.begin + base), static_cast<uint32_t>(span.end + base)};
  }
}

}  // namespace winnow
