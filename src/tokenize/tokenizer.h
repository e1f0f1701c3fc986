/// Conversion of texts to token ids, as defined by the model's tokenizer files.
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
#include "text/input_text.h"
#include "tokenize/wordpiece_vocabulary.h"

namespace winnow {

/// A token that is matched as a whole in a text instead of being made of pieces.
struct AddedToken {
  std::string content;
  int32_t id = -1;
  /// True for special tokens. Those that have a role ([CLS], [SEP], [MASK] and the like) are plain text within a user's
  /// text unless requested otherwise; additional ones are found there as other added tokens are.
  bool special = false;
  bool single_word = false;  ///< true if the token must not be adjacent to a letter or digit
  bool lstrip = false;       ///< true if the token absorbs white space before it
  bool rstrip = false;       ///< true if the token absorbs white space after it
  bool normalized = false;   ///< true if the token is searched for in the normalized text
};

/// The special tokens that a tokenizer adds around the pieces of a text.
struct TokenFrame {
  std::vector<AddedToken> added;
  std::vector<int32_t> before, after;  ///< ids that the post-processor puts around a text: [CLS], [SEP]
  std::vector<int32_t> between;        ///< special tokens between the two texts of a pair; empty: `after` is used
  /// Further special tokens that have a role, such as bos_token's: plain text within a user's text.
  std::vector<std::string> roles;
  bool cut_begin = false;  ///< true if the begin of a text that is too long is cut, not the end (truncation_side)

  /// Returns true for a special token that divides, pads or hides texts, by its use or by its usual name.
  bool HasRole(const AddedToken& token) const;
};

/// The parts of a WordPiece tokenizer.
struct TokenizerParts : TokenFrame {
  BertNormalization normalization;
  std::vector<std::string> pieces;  ///< pieces by id
  WordPieceVocabulary::Options wordpiece;
};

/// The bytes [begin, end) of the text that a token came from. Empty for tokens that the post-processor adds.
struct TokenSpan {
  uint32_t begin = 0, end = 0;
  bool operator==(const TokenSpan&) const = default;
};

class AddedTokenSet;  // added_tokens.h
class PieceModel;     // piece_model.h

/// Selects which of two texts is cut if they are too long together.
enum class PairCut {
  kFirst,   ///< the first text; the second one only once the first is empty (Hugging Face's truncation="only_first")
  kLonger,  ///< the longer text until both have equal lengths, then both alternately ("longest_first")
};

/// A tokenizer of one of three kinds: WordPiece (BERT, DistilBERT, MiniLM, MPNet), Unigram as in SentencePiece
/// (DeBERTa-v2/v3, XLM-RoBERTa, ALBERT), BPE (RoBERTa, ModernBERT). Movable. Thread-safe when const.
class Tokenizer {
 public:
  /// Loads a tokenizer from the first of these files that exists:
  ///   tokenizer.json           any kind
  ///   vocab.txt                WordPiece, as BERT and MPNet have it
  ///   spm.model                DeBERTa-v2/v3, whose ids are SentencePiece's
  ///   sentencepiece.bpe.model  XLM-RoBERTa, whose ids are fairseq's: <s> <pad> </s> <unk>, then SentencePiece's
  ///   vocab.json, merges.txt   RoBERTa
  /// The files beside it (tokenizer_config.json, special_tokens_map.json, added_tokens.json, config.json) change it as
  /// in Hugging Face's transformers; docs/adr/023 lists the keys. The family whose ids an spm file has is determined by
  /// tokenizer_class, otherwise by model_type, otherwise by the name of the file. Errors: kNotFound; kInvalidModel for
  /// damaged files, a repeated piece or a missing [UNK]; kUnsupported, by name, for other kinds of tokenizers and for
  /// keys that are not supported.
  static Result<Tokenizer> Load(const std::filesystem::path& dir);

  /// Creates a tokenizer of its parts. `where` is the beginning of error messages. Errors: kInvalidModel, as in Load.
  static Result<Tokenizer> Make(TokenizerParts parts, std::string_view where);
  static Result<Tokenizer> Make(std::unique_ptr<const PieceModel> model, TokenFrame frame, std::string_view where);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Appends the text's ids: at most `max_length`, the post-processor's tokens included (as many of those as fit where
  /// it is less than they need). A separator token stands between two segments. `text` is UTF-8; invalid bytes count as
  /// U+FFFD. Special tokens in the text are plain text. Costs no more than the kept tokens need, however long the text
  /// (and the word that they end in), unless a regular expression of the tokenizer.json needs all of it. Allocates
  /// nothing beyond `ids`' growth with WordPieceModel and ByteLevelBpe; Unigram allocates a few buffers of some hundred
  /// bytes, Pipeline copies of what it reads of the text.
  void Encode(InputTextView text, int max_length, std::vector<int32_t>& ids) const;

  /// Appends the text's ids as Encode does, but of a text that is too long the begin and the end stay, as many tokens
  /// from each as HeadTokens says: in longer texts either may hold what matters (Sun et al. 2019, "How to Fine-Tune
  /// BERT for Text Classification?", whose best cut is the first 128 and the last 382 of 510). Separators are cut out
  /// like other tokens. Reads all of the text, up to kMostTokens.
  void EncodeHeadTail(InputTextView text, int max_length, std::vector<int32_t>& ids) const;

  /// Appends the text's own tokens, without the post-processor's: at most `limit`. Returns the lead: how many of them
  /// come before the last segment, its separator included; 0 for a text of one segment.
  size_t EncodeContent(InputTextView text, size_t limit, std::vector<int32_t>& ids) const;

  /// Return the special tokens that the post-processor puts before and after a text.
  std::span<const int32_t> before() const { return frame_.before; }
  std::span<const int32_t> after() const { return frame_.after; }

  /// Maximum number of tokens when a whole text is read, which bounds the memory for hostile texts.
  static constexpr size_t kMostTokens = size_t{1} << 24;

  /// Returns how many of `room` tokens are taken from the beginning of a long text: a quarter, or the lead (subject and
  /// separator) if that is longer and leaves half of the room for the last segment (the body).
  static size_t HeadTokens(size_t room, size_t lead) { return std::max(room / 4, 2 * lead <= room ? lead : 0); }

  /// Appends the ids of two texts, as cross-encoders for inference or ranking read them: BERT's and DeBERTa's [CLS]
  /// first [SEP] second [SEP], RoBERTa's <s> first </s></s> second </s>. Returns the number of appended ids before the
  /// second text's own: those have token type 0, the others 1.
  size_t EncodePair(std::string_view first, std::string_view second, int max_length, PairCut cut,
                    std::vector<int32_t>& ids) const;

  struct EncodeOptions {
    int max_length = 1 << 30;
    bool add_special_tokens = true;  ///< true if the special tokens of the post-processor are added
    /// True if special tokens that are written in the text are recognized, for trusted texts.
    bool parse_special_tokens = false;
  };
  /// Encodes a whole text with options; `spans`, unless null, gets one entry for each id.
  void Encode(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& ids,
              std::vector<TokenSpan>* spans = nullptr) const;

  /// Returns the number of pieces and added tokens: one more than the largest id.
  int vocab_size() const { return vocab_size_; }
  /// Returns a token as text; empty for an id that does not exist.
  std::string_view TokenText(int32_t id) const;
  /// Returns the id of a token, or -1 if there is no such token.
  int32_t TokenId(std::string_view token) const;
  int32_t unknown_id() const;
  /// Returns the tokens that are matched as a whole.
  std::span<const AddedToken> added() const { return frame_.added; }
  bool lowercase() const;

  /// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json, which Hugging Face's AutoTokenizer
  /// loads, and vocab.txt (WordPiece) or vocab.json and merges.txt (byte-level BPE). `max_length` becomes
  /// model_max_length in tokenizer_config.json. Errors: kIo.
  Result<void> Save(const std::filesystem::path& dir, int max_length) const;

 private:
  Tokenizer() = default;
  void EncodeText(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                  std::vector<TokenSpan>* spans) const;

  void EncodeAll(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                 std::vector<TokenSpan>* spans) const;
  void EncodeGap(std::string_view text, size_t base, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                 std::vector<TokenSpan>* spans) const;
  Result<void> FindAddedTokens(std::string_view where);
  static bool Searches(const std::unique_ptr<const AddedTokenSet>& set, bool parse_special_tokens);

  std::unique_ptr<const PieceModel> model_;
  TokenFrame frame_;  // special tokens, with the special ones first among the added tokens
  std::unique_ptr<const AddedTokenSet> added_as_written_, added_normalized_;  // null if there are none
  int32_t separator_id_ = -1;
  int vocab_size_ = 0;
};

/// Copies the tokenizer's files of one model directory into another, byte for byte. Errors: kNotFound if there are
/// none; kIo.
Result<void> CopyTokenizerFiles(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes other programs truncate texts as this model does: model_max_length in tokenizer_config.json, `truncation` in
/// tokenizer.json and max_seq_length in sentence_bert_config.json become `max_length`, and `padding` in tokenizer.json
/// becomes null. transformers and transformers.js read the first, the tokenizers library the second, and Text
/// Embeddings Inference the third (router/src/lib.rs). Other bytes of the files stay as they are. Errors: kIo;
/// kInvalidModel for a file that is not a JSON object.
Result<void> LimitTokenizer(const std::filesystem::path& dir, int max_length);

}  // namespace winnow
