/// Text -> token ids, as the model's own tokenizer files say.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bert_characters.h"
#include "tokenize/wordpiece_vocabulary.h"

namespace winnow {

/// A token that stands for itself in a text, and is not made of pieces.
struct AddedToken {
  std::string content;
  int32_t id = -1;
  bool special = false;      ///< [CLS], [SEP]...: plain text inside a user's text, unless asked otherwise
  bool single_word = false;  ///< only where no letter or digit touches it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< and after it
};

/// What a tokenizer puts beside a text's pieces.
struct TokenFrame {
  std::vector<AddedToken> added;
  std::vector<int32_t> before, after;  ///< ids that the post-processor puts around a text: [CLS], [SEP]
  std::vector<int32_t> between;        ///< and between the texts of a pair; empty: as `after`
};

/// What a WordPiece tokenizer is made of.
struct TokenizerParts : TokenFrame {
  BertNormalization normalization;
  std::vector<std::string> pieces;  ///< by id
  WordPieceVocabulary::Options wordpiece;
};

/// Where a token came from: bytes [begin, end) of the text. Empty for tokens that the post-processor adds.
struct TokenSpan {
  uint32_t begin = 0, end = 0;
  bool operator==(const TokenSpan&) const = default;
};

class PieceModel;  // piece_model.h

/// Which of two texts ends sooner where they are too long together.
enum class PairCut {
  kFirst,   ///< the first, and the second only once nothing is left of it (Hugging Face's truncation="only_first")
  kLonger,  ///< the longer one, until both are as long; then both ("longest_first")
};

/// One of three kinds: WordPiece (BERT, DistilBERT, MiniLM), Unigram as SentencePiece has it (DeBERTa-v2/v3,
/// XLM-RoBERTa), byte-level BPE (RoBERTa). Movable. Thread-safe when const.
class Tokenizer {
 public:
  /// Reads the first of these that is there:
  ///   tokenizer.json           any kind; alone it says everything
  ///   vocab.txt                WordPiece; tokenizer_config.json beside it tells do_lower_case, strip_accents,
  ///                            tokenize_chinese_chars (without it: lower case, as BERT's default)
  ///   spm.model                DeBERTa-v2/v3, whose ids are SentencePiece's
  ///   sentencepiece.bpe.model  XLM-RoBERTa, whose ids are fairseq's: <s> <pad> </s> <unk>, then SentencePiece's
  ///   vocab.json, merges.txt   RoBERTa
  /// Of the files with other names tokenizer_config.json's tokenizer_class, then config.json's model_type decide which
  /// family's ids an spm file has; its name does where they say nothing. Errors: kNotFound; kInvalidModel for broken
  /// files, a repeated piece or a missing [UNK]; kUnsupported, by name, for other kinds of tokenizers.
  static Result<Tokenizer> Load(const std::filesystem::path& dir);

  /// Errors: kInvalidModel, as Load's. `where` opens the messages.
  static Result<Tokenizer> Make(TokenizerParts parts, std::string_view where);
  static Result<Tokenizer> Make(std::unique_ptr<const PieceModel> model, TokenFrame frame, std::string_view where);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Appends the text's ids: at most `max_length`, the post-processor's tokens included (as many of those as fit where
  /// it is less than they need). `text` is UTF-8; invalid bytes count as U+FFFD. Special tokens in the text are plain
  /// text. Costs no more than the kept tokens need, however long the text (and the word that they end in). Allocates
  /// nothing beyond `ids`' growth, Unigram a few buffers of some hundred bytes besides.
  void Encode(std::string_view text, int max_length, std::vector<int32_t>& ids) const;

  /// The same for a text of segments (text/segments.h), whose divisions become the separator token.
  void EncodeSegments(std::string_view text, int max_length, std::vector<int32_t>& ids) const;

  /// The same again, but of a text that is too long the begin and the end stay, as many tokens from each as
  /// HeadTokens says: in longer texts either may hold what matters (Sun et al. 2019, "How to Fine-Tune BERT for Text
  /// Classification?", whose best cut is the first 128 and the last 382 of 510). Reads all of the text, up to
  /// kMostTokens. `segmented`: as in EncodeSegments; separators are cut out like other tokens.
  void EncodeHeadTail(std::string_view text, bool segmented, int max_length, std::vector<int32_t>& ids) const;

  /// The text's own tokens, without the post-processor's: at most `limit`. Returns the lead: how many of them come
  /// before the last segment, its separator included; 0 for a text of one segment.
  size_t EncodeContent(std::string_view text, bool segmented, size_t limit, std::vector<int32_t>& ids) const;

  /// The post-processor's tokens, that come before and after a text.
  std::span<const int32_t> before() const { return frame_.before; }
  std::span<const int32_t> after() const { return frame_.after; }

  /// Where a text is read as a whole, that is so many of its tokens: bounds the memory that a hostile text takes.
  static constexpr size_t kMostTokens = size_t{1} << 24;

  /// How many of `room` tokens are a long text's first ones: a quarter, or the lead (subject and separator) where that
  /// is longer and leaves half of the room for the last segment (the body).
  static size_t HeadTokens(size_t room, size_t lead) { return std::max(room / 4, 2 * lead <= room ? lead : 0); }

  /// Two texts, as cross-encoders for inference or ranking read them: BERT's and DeBERTa's [CLS] first [SEP] second
  /// [SEP], RoBERTa's <s> first </s></s> second </s>. Returns how many of the ids appended come before the second
  /// text's own: those have token type 0, the others 1.
  size_t EncodePair(std::string_view first, std::string_view second, int max_length, PairCut cut,
                    std::vector<int32_t>& ids) const;

  struct EncodeOptions {
    int max_length = 1 << 30;
    bool add_special_tokens = true;     ///< the post-processor's
    bool parse_special_tokens = false;  ///< special tokens written in the text become themselves: for trusted texts
  };
  /// The full form; `spans`, where not null, gets one entry for each id.
  void Encode(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans = nullptr) const;

  /// Pieces and added tokens together: one more than the largest id.
  int vocab_size() const { return vocab_size_; }
  /// A token as text; empty for an id that there is not.
  std::string_view TokenText(int32_t id) const;
  /// -1 where there is no such token.
  int32_t TokenId(std::string_view token) const;
  int32_t unknown_id() const;
  bool lowercase() const;

  /// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json, which Hugging Face's AutoTokenizer
  /// loads, and vocab.txt (WordPiece) or vocab.json and merges.txt (byte-level BPE) as well. `max_length` is what
  /// tokenizer_config.json tells as model_max_length. Errors: kIo.
  Result<void> Save(const std::filesystem::path& dir, int max_length) const;

 private:
  Tokenizer() = default;
  void EncodeText(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                  std::vector<TokenSpan>* spans) const;

  std::unique_ptr<const PieceModel> model_;
  TokenFrame frame_;  // its added tokens the longest first
  int32_t separator_id_ = -1;
  int vocab_size_ = 0;
  bool plain_added_ = false;  // some added token is not special, so every text is searched for it
};

/// Copies the tokenizer's files of one model directory into another, byte for byte. Errors: kNotFound where there are
/// none; kIo.
Result<void> CopyTokenizerFiles(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace winnow
