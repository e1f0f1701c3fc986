/// Helpers shared by the readers of all kinds of tokenizer files, for parts of Hugging Face's tokenizer.json and
/// tokenizer_config.json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tokenize/tokenizer.h"

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

/// Returns tokenizer_config.json's tokenizer_class without "Fast", otherwise config.json's model_type; empty if neither
/// is given.
std::string TokenizerFamily(const Json& tokenizer_config, const Json& config);

/// Collects the members of an object of pieces and ids, one by one.
class PiecesById {
 public:
  void Take(const std::string& piece, const Json& id);
  /// Returns the pieces by id. Errors: kInvalidModel.
  Result<std::vector<std::string>> All(const std::string& where) &&;

 private:
  std::vector<std::string> pieces_;
  std::string problem_;
};

/// Reads tokenizer.json's added_tokens, and the special tokens before, between and after texts from its post_processor.
/// Errors: kInvalidModel; kUnsupported.
Result<TokenFrame> ReadFrame(const Json& tokenizer, const std::string& where);

/// Decodes base64. Errors: kInvalidModel.
Result<std::string> DecodeBase64(std::string_view text, const std::string& where);
std::string EncodeBase64(std::string_view bytes);

/// Reads a whole tokenizer.json, of any kind. `where` is the beginning of error messages. Errors: Tokenizer::Load's.
Result<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& where);

/// Readers of the kinds of tokenizers: from a parsed tokenizer.json, whose model.vocab, if it is an object, was
/// collected into `pieces`; and from a directory's other files.
Result<Tokenizer> WordPieceFromJson(const Json& json, PiecesById pieces, const std::string& where);
Result<Tokenizer> WordPieceFromVocabTxt(const std::filesystem::path& dir);
Result<Tokenizer> UnigramFromJson(const Json& json, const std::string& where);
Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path);
Result<Tokenizer> ByteLevelBpeFromJson(const Json& json, PiecesById pieces, const std::string& where);
Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir);

}  // namespace winnow
