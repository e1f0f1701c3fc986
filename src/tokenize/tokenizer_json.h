/// Helpers shared by the readers of all kinds of tokenizer files, for parts of Hugging Face's tokenizer.json and
/// tokenizer_config.json.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/pattern.h"
#include "tokenize/tokenizer.h"
#include "tokenize/tokenizer_settings.h"

namespace winnow {

std::unexpected<Error> BrokenTokenizer(const std::string& where, const std::string& what);
std::unexpected<Error> UnsupportedTokenizer(const std::string& where, const std::string& part, const std::string& type);

/// Returns the member "type"; "(none)" if there is none.
std::string TypeOf(const Json& json);
/// Returns a member; null if `json` is not an object or has no such member.
const Json& Member(const Json& json, std::string_view key);
bool BoolOr(const Json& json, const char* key, bool otherwise);

/// Returns a file of `dir` as JSON; an empty object if there is no such file.
Result<Json> ReadOptionalJson(const std::filesystem::path& dir, const char* name);
/// Returns a special token of tokenizer_config.json, which is a string or an object with its content.
std::string SpecialToken(const Json& config, const char* key, const char* otherwise);

/// Collects the members of an object of pieces and ids, one by one.
class PiecesById {
 public:
  void Take(const std::string& piece, const Json& id);
  /// Returns the id of a piece, or -1 if there is no such piece. Linear in the number of pieces.
  int32_t Find(std::string_view piece) const;
  /// Returns the pieces by id. Errors: kInvalidModel.
  Result<std::vector<std::string>> All(const std::string& where) &&;

 private:
  std::vector<std::string> pieces_;
  std::string problem_;
};

/// Reads tokenizer.json's added_tokens, and the special tokens before, between and after texts from its post_processor.
/// Errors: kInvalidModel; kUnsupported.
Result<TokenFrame> ReadFrame(const Json& tokenizer, const std::string& where);

/// Reads {"String": ..} or {"Regex": ..}. Errors: those of Pattern::OfRegex; kInvalidModel for anything else.
Result<Pattern> ReadPattern(const Json& json, const std::string& where);

/// Decodes base64. Errors: kInvalidModel.
Result<std::string> DecodeBase64(std::string_view text, const std::string& where);
std::string EncodeBase64(std::string_view bytes);

/// Reads a whole tokenizer.json, of any kind. `where` is the beginning of error messages; `settings`, unless null, is
/// what the files beside it say. Errors: Tokenizer::Load's.
Result<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& where,
                                     const TokenizerSettings* settings = nullptr);

/// Makes a tokenizer of a parsed tokenizer.json, whose model.vocab, if it is an object, was collected into `pieces`,
/// and of its special and added tokens.
Result<Tokenizer> TokenizerOfJson(const Json& json, PiecesById pieces, TokenFrame frame, const std::string& where);

/// Readers of tokenizer.json's kinds of models. `added` and `frame` have the tokens that are searched for beside the
/// pieces.
Result<std::unique_ptr<const PieceModel>> WordPieceFromJson(const Json& json, PiecesById pieces,
                                                            std::span<const AddedToken> added,
                                                            const std::string& where);
Result<std::unique_ptr<const PieceModel>> UnigramFromJson(const Json& json, const TokenFrame& frame,
                                                          const std::string& where);
Result<std::unique_ptr<const PieceModel>> BpeFromJson(const Json& json, PiecesById pieces, const std::string& where);

/// Readers of directories without tokenizer.json.
Result<Tokenizer> WordPieceFromVocabTxt(const std::filesystem::path& dir);
Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path);
Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir);

/// Puts a template around the texts: `first` before, `last` after, the pair's separator or two between. Errors:
/// kInvalidModel if one of the tokens is not among `frame.added`.
Result<void> SetTemplate(TokenFrame& frame, const std::string& first, const std::string& last, size_t between,
                         const std::string& where);

}  // namespace winnow
