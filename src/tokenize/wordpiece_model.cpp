// A text is walked once: each character is looked up (BertCharacters), its normal form goes into a small buffer, and
// where the word ends the buffer goes to the vocabulary. A word longer than the vocabulary takes needs no buffer: it is
// [UNK].
#include "tokenize/wordpiece_model.h"

#include <cstring>

#include "text/utf8.h"
#include "tokenize/wordpiece_words.h"

namespace winnow {

/// One text on its way. Places in the text are recorded where asked for; without, nothing is allocated.
class WordPieceModel::Encoding {
 public:
  Encoding(const WordPieceModel& model, size_t base, size_t limit, std::vector<int32_t>& ids,
           std::vector<TokenSpan>* spans)
      : model_(model), base_(base), limit_(limit), ids_(ids), spans_(spans) {}

  void Add(std::string_view text) {
    for (size_t i = 0; i < text.size() && ids_.size() < limit_;) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const size_t begin = i;
      if (byte < 0x80) {
        ++i;
        Take(model_.characters_.Ascii(byte), begin, i);
      } else {
        const char32_t c = NextCodePoint(text, i);
        Take(model_.characters_.At(c), begin, i);
      }
    }
    EndWord();
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
      if (source_.size() < size_ + c.length) source_.resize(size_ + c.length);
      for (size_t i = 0; i < c.length; ++i)
        source_[size_ + i] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
    }
    if (size_ == 0) first_begin_ = begin;
    last_end_ = end;
    size_ += c.length;
  }

  void EndWord() {
    if (size_ == 0) return;
    const int max_chars = model_.vocabulary_.options().max_word_chars;
    const bool too_long = size_ == kBuffer;
    const std::string_view word(word_, too_long ? 1 : size_);
    const int chars = too_long ? max_chars + 1 : chars_;
    if (spans_ == nullptr) {
      model_.vocabulary_.Encode(word, chars, ids_);
    } else {
      AddTokens(word, chars);
    }
    size_ = 0;
    chars_ = 0;
  }

  /// Stays out of the loop over characters, which is faster without it.
  [[gnu::noinline]] void AddTokens(std::string_view word, int chars) {
    tokens_.clear();
    model_.vocabulary_.Encode(word, chars, tokens_);
    for (const WordToken& token : tokens_) {
      const size_t from = token.begin == 0 ? first_begin_ : source_[token.begin].begin;
      const size_t to = token.end == word.size() ? last_end_ : source_[token.end - 1].end;
      ids_.push_back(token.id);
      spans_->push_back({static_cast<uint32_t>(base_ + from), static_cast<uint32_t>(base_ + to)});
    }
  }

  // A word of 100 characters has at most 400 code points of 4 bytes; vocabularies that take longer words are refused.
  static constexpr size_t kBuffer = 4096;

  const WordPieceModel& model_;
  const size_t base_;
  const size_t limit_;
  std::vector<int32_t>& ids_;
  std::vector<TokenSpan>* spans_;
  char word_[kBuffer + sizeof(BertCharacter::bytes)];
  size_t size_ = 0;
  int chars_ = 0;
  size_t first_begin_ = 0, last_end_ = 0;
  std::vector<TokenSpan> source_;  // of each byte of word_
  std::vector<WordToken> tokens_;  // of the word
};

Result<std::unique_ptr<PieceModel>> WordPieceModel::Make(TokenizerParts& parts, std::string_view where) {
  if (parts.wordpiece.max_word_chars < 1 || parts.wordpiece.max_word_chars > 300) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": max_input_chars_per_word is " +
                                              std::to_string(parts.wordpiece.max_word_chars) + ", expected 1 to 300");
  }
  auto vocabulary = TRY(WordPieceVocabulary::Make(std::move(parts.pieces), parts.wordpiece, where));
  return std::unique_ptr<PieceModel>(new WordPieceModel(parts.normalization, std::move(vocabulary)));
}

void WordPieceModel::Encode(std::string_view text, size_t base, size_t limit, std::vector<int32_t>& ids,
                            std::vector<TokenSpan>* spans) const {
  Encoding(*this, base, limit, ids, spans).Add(text);
}

PieceModel::Files WordPieceModel::Describe() const {
  std::string vocab_txt;
  for (const std::string& piece : vocabulary_.pieces()) vocab_txt += piece + "\n";
  const BertNormalization& normalization = characters_.normalization();
  Files files;
  files.tokenizer = {
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", normalization.clean_text},
        {"handle_chinese_chars", normalization.handle_chinese_chars},
        {"strip_accents", normalization.strip_accents},
        {"lowercase", normalization.lowercase}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"decoder", {{"type", "WordPiece"}, {"prefix", vocabulary_.options().continuation}, {"cleanup", true}}},
      {"model", DescribeWordPiece(vocabulary_)},
  };
  files.config = {{"tokenizer_class", "BertTokenizer"},
                  {"do_lower_case", normalization.lowercase},
                  {"strip_accents", normalization.strip_accents},
                  {"tokenize_chinese_chars", normalization.handle_chinese_chars}};
  files.others.emplace_back("vocab.txt", std::move(vocab_txt));
  return files;
}

}  // namespace winnow
