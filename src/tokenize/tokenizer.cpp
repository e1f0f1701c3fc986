// A text is walked once: each character is looked up (BertCharacters), its normal form goes into a small buffer, and
// where the word ends the buffer goes to the vocabulary. A word longer than the vocabulary takes needs no buffer: it is
// [UNK].
#include "tokenize/tokenizer.h"

#include <algorithm>
#include <cstring>

#include "text/segments.h"
#include "text/utf8.h"

namespace winnow {

/// One text on its way. Places in the text are recorded where asked for; without, nothing is allocated.
class Tokenizer::Encoding {
 public:
  Encoding(const Tokenizer& tokenizer, size_t limit, std::vector<int32_t>& ids, std::vector<TokenSpan>* spans)
      : tokenizer_(tokenizer), limit_(limit), ids_(ids), spans_(spans) {}

  bool full() const { return ids_.size() >= limit_; }

  /// Plain text; `base` is its place in the whole text.
  void Add(std::string_view text, size_t base) {
    base_ = base;
    for (size_t i = 0; i < text.size() && !full();) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const size_t begin = i;
      if (byte < 0x80) {
        ++i;
        Take(tokenizer_.characters_->Ascii(byte), begin, i);
      } else {
        const char32_t c = NextCodePoint(text, i);
        Take(tokenizer_.characters_->At(c), begin, i);
      }
    }
    EndWord();
  }

  void AddToken(int32_t id, TokenSpan span) {
    if (full()) return;
    ids_.push_back(id);
    if (spans_ != nullptr) spans_->push_back(span);
  }

  /// Takes back what the last word had over the limit.
  void Trim() {
    if (ids_.size() <= limit_) return;
    if (spans_ != nullptr) spans_->resize(spans_->size() - (ids_.size() - limit_));
    ids_.resize(limit_);
  }

 private:
  void Take(const BertCharacter& c, size_t begin, size_t end) {
    switch (c.kind) {
      case BertCharacter::Kind::kInWord:
        Append(c, begin, end);
        return;
      case BertCharacter::Kind::kDrop:
        return;
      case BertCharacter::Kind::kSpace:
        EndWord();
        return;
      case BertCharacter::Kind::kAlone:
        EndWord();
        Append(c, begin, end);
        EndWord();
        return;
    }
  }

  void Append(const BertCharacter& c, size_t begin, size_t end) {
    chars_ += c.count;
    if (size_ + c.bytes.size() > kBuffer) {  // more characters than any word that is not [UNK]
      size_ = kBuffer;
      last_end_ = end;
      return;
    }
    std::memcpy(word_ + size_, c.bytes.data(), c.bytes.size());
    if (spans_ != nullptr) {
      for (size_t i = 0; i < c.length; ++i)
        source_[size_ + i] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
    }
    if (size_ == 0) first_begin_ = begin;
    last_end_ = end;
    size_ += c.length;
  }

  void EndWord() {
    if (size_ == 0) return;
    const int max_chars = tokenizer_.vocabulary_.options().max_word_chars;
    const bool too_long = size_ == kBuffer;
    const std::string_view word(word_, too_long ? 1 : size_);
    const int chars = too_long ? max_chars + 1 : chars_;
    if (spans_ == nullptr) {
      tokenizer_.vocabulary_.Encode(word, chars, ids_);
    } else {
      ends_.clear();
      tokenizer_.vocabulary_.Encode(word, chars, ids_, ends_);
      AddSpans(too_long);
    }
    size_ = 0;
    chars_ = 0;
  }

  void AddSpans(bool too_long) {
    size_t begin = 0;
    for (const uint32_t end : ends_) {
      const size_t from = begin == 0 ? first_begin_ : source_[begin].begin;
      const size_t to = too_long || end == size_ ? last_end_ : source_[end - 1].end;
      spans_->push_back({static_cast<uint32_t>(base_ + from), static_cast<uint32_t>(base_ + to)});
      begin = end;
    }
  }

  // A word of 100 characters has at most 400 code points of 4 bytes; vocabularies that take longer words are refused.
  static constexpr size_t kBuffer = 4096;

  const Tokenizer& tokenizer_;
  const size_t limit_;
  std::vector<int32_t>& ids_;
  std::vector<TokenSpan>* spans_;
  size_t base_ = 0;
  char word_[kBuffer + sizeof(BertCharacter::bytes)];
  size_t size_ = 0;
  int chars_ = 0;
  size_t first_begin_ = 0, last_end_ = 0;
  std::vector<TokenSpan> source_ =
      std::vector<TokenSpan>(spans_ == nullptr ? 0 : kBuffer + 16);  // of each byte of word_
  std::vector<uint32_t> ends_;
};

namespace {

bool IsSpaceByte(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         byte == '_';
}

}  // namespace

Result<Tokenizer> Tokenizer::Make(TokenizerParts parts, std::string_view where) {
  if (parts.wordpiece.max_word_chars < 1 || parts.wordpiece.max_word_chars > 300) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": max_input_chars_per_word is " +
                                              std::to_string(parts.wordpiece.max_word_chars) +
                                              "; 1 to 300 is supported");
  }
  Tokenizer tokenizer;
  // Added tokens may lie beyond the pieces, and are then looked up here alone.
  tokenizer.vocabulary_ = TRY(WordPieceVocabulary::Make(std::move(parts.pieces), parts.wordpiece, where));
  tokenizer.characters_ = std::make_unique<BertCharacters>(parts.normalization);
  tokenizer.added_ = std::move(parts.added);
  tokenizer.vocab_size_ = static_cast<int>(tokenizer.vocabulary_.pieces().size());
  for (const AddedToken& token : tokenizer.added_) {
    if (token.content.empty() || token.id < 0 || token.id > (1 << 24)) {
      return Fail(ErrorCode::kInvalidModel,
                  std::string(where) + ": an added token has no content, or the id " + std::to_string(token.id));
    }
    tokenizer.vocab_size_ = std::max(tokenizer.vocab_size_, token.id + 1);
    tokenizer.plain_added_ = tokenizer.plain_added_ || !token.special;
  }
  // Where several match at one place the longest wins.
  std::ranges::stable_sort(
      tokenizer.added_, [](const AddedToken& a, const AddedToken& b) { return a.content.size() > b.content.size(); });
  tokenizer.before_ = std::move(parts.before);
  tokenizer.after_ = std::move(parts.after);
  if (!tokenizer.after_.empty()) {
    tokenizer.separator_id_ = tokenizer.after_.front();
  } else {
    tokenizer.separator_id_ = tokenizer.TokenId("[SEP]");
  }
  return tokenizer;
}

void Tokenizer::Encode(std::string_view text, int max_length, std::vector<int32_t>& ids) const {
  Encode(text, EncodeOptions{.max_length = max_length}, ids);
}

void Tokenizer::Encode(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& ids,
                       std::vector<TokenSpan>* spans) const {
  const size_t start = ids.size();
  const size_t end = start + static_cast<size_t>(std::max(options.max_length, 0));
  const size_t around = options.add_special_tokens ? before_.size() + after_.size() : 0;
  const size_t limit = end - std::min(end - start, options.add_special_tokens ? after_.size() : 0);
  if (options.add_special_tokens) {
    for (const int32_t id : before_) {
      if (ids.size() >= end) break;
      ids.push_back(id);
      if (spans != nullptr) spans->push_back({});
    }
  }
  if (end - start > around) {
    Encoding encoding(*this, limit, ids, spans);
    if (!plain_added_ && !options.parse_special_tokens) {
      encoding.Add(text, 0);
    } else {
      size_t begin = 0;
      for (size_t i = 0; i < text.size() && !encoding.full(); ++i) {
        for (const AddedToken& token : added_) {
          if (token.special && !options.parse_special_tokens) continue;
          if (!text.substr(i).starts_with(token.content)) continue;
          size_t from = i, to = i + token.content.size();
          if (token.single_word &&
              ((from > 0 && IsWordByte(text[from - 1])) || (to < text.size() && IsWordByte(text[to]))))
            continue;
          while (token.lstrip && from > begin && IsSpaceByte(text[from - 1])) --from;
          while (token.rstrip && to < text.size() && IsSpaceByte(text[to])) ++to;
          encoding.Add(text.substr(begin, from - begin), begin);
          encoding.AddToken(token.id, {static_cast<uint32_t>(from), static_cast<uint32_t>(to)});
          begin = to;
          i = to - 1;
          break;
        }
      }
      if (begin < text.size()) encoding.Add(text.substr(begin), begin);
    }
    encoding.Trim();
  }
  if (options.add_special_tokens) {
    for (const int32_t id : after_) {
      if (ids.size() >= end) break;
      ids.push_back(id);
      if (spans != nullptr) spans->push_back({});
    }
  }
}

void Tokenizer::EncodeSegments(std::string_view text, int max_length, std::vector<int32_t>& ids) const {
  const size_t first = text.find(kSegmentSeparator);
  if (first == std::string_view::npos || separator_id_ < 0) return Encode(text, max_length, ids);
  const size_t start = ids.size();
  const size_t end = start + static_cast<size_t>(std::max(max_length, 0));
  const auto append = [&](std::span<const int32_t> tokens) {
    for (const int32_t id : tokens) {
      if (ids.size() < end) ids.push_back(id);
    }
  };
  append(before_);
  const size_t room = end - ids.size();
  const size_t limit = end - std::min(room, after_.size());
  EncodeOptions options{.add_special_tokens = false};
  for (size_t begin = 0;;) {
    const size_t division = text.find(kSegmentSeparator, begin);
    options.max_length = static_cast<int>(limit - ids.size());
    Encode(text.substr(begin, division - begin), options, ids);
    if (division == std::string_view::npos || ids.size() >= limit) break;
    ids.push_back(separator_id_);
    begin = division + 1;
  }
  append(after_);
}

std::string_view Tokenizer::TokenText(int32_t id) const {
  for (const AddedToken& token : added_) {
    if (token.id == id) return token.content;
  }
  if (id < 0 || static_cast<size_t>(id) >= vocabulary_.pieces().size()) return {};
  return vocabulary_.piece(id);
}

int32_t Tokenizer::TokenId(std::string_view token) const {
  for (const AddedToken& added : added_) {
    if (added.content == token) return added.id;
  }
  return vocabulary_.Find(token);
}

}  // namespace winnow
