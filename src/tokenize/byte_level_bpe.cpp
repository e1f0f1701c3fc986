// Between two bytes that stand side by side in no piece nothing ever merges: there a word is cut before it is merged
// (bpe_merges.h), so that what is kept at a time is mostly short.
#include "tokenize/byte_level_bpe.h"

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "base/mix_bits.h"
#include "text/character_classes.h"
#include "text/utf8.h"
#include "tokenize/byte_letters.h"

namespace winnow {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return MixBits(hash);
}

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
  void AddByte(char c, size_t begin, size_t end) {
    const auto byte = static_cast<unsigned char>(c);
    if (symbols_.size() > 0 && !model_.neighbours_[static_cast<size_t>(last_byte_ << 8 | byte)]) Flush();
    last_byte_ = byte;
    const auto at = static_cast<uint32_t>(symbols_.size());
    symbols_.Add(model_.bytes_[byte], at, at + 1);
    if (spans_ != nullptr) sources_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  }

  /// Merges and writes what there is.
  void Flush() {
    symbols_.Merge(model_.merges_);
    symbols_.ForEach([&](const BpeWord::Symbol& symbol) { Write(symbol); });
    symbols_.Clear();
    sources_.clear();
  }

  void Write(const BpeWord::Symbol& symbol) {
    const int32_t id = symbol.id >= 0 ? symbol.id : model_.unknown_id_;
    if (id < 0) return;
    ids_.push_back(id);
    if (spans_ == nullptr) return;
    TokenSpan span = {sources_[symbol.begin].begin, sources_[symbol.end - 1].end};
    if (model_.trim_offsets_) {
      while (span.begin < span.end && IsAsciiSpace(word_[span.begin - word_begin_])) ++span.begin;
      while (span.begin < span.end && IsAsciiSpace(word_[span.end - 1 - word_begin_])) --span.end;
    }
    spans_->push_back(span);
  }

  const ByteLevelBpe& model_;
  const size_t limit_;
  std::vector<int32_t>& ids_;
  std::vector<TokenSpan>* spans_;
  std::string_view word_;
  size_t word_begin_ = 0;
  BpeWord symbols_;  // of the bytes that are not written yet
  unsigned last_byte_ = 0;
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
  model->merges_ = BpeMerges(parts.merges.size());
  for (uint32_t rank = 0; rank < parts.merges.size(); ++rank) {
    const auto& [left, right] = parts.merges[rank];
    const int32_t left_id = model->Find(left), right_id = model->Find(right), id = model->Find(left + right);
    if (left_id < 0 || right_id < 0 || id < 0) {
      std::string message = "the merge " + std::to_string(rank);
      message.append(" ('").append(left).append("', '").append(right);
      return broken(message.append("') uses or produces a piece that is not in the vocabulary"));
    }
    model->merges_.Add(left_id, right_id, rank, id);
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
