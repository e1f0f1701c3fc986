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

/// The member "type"; "(none)" without one.
std::string TypeOf(const Json& json);
/// null if `json` is not an object or has no such member.
const Json& Member(const Json& json, std::string_view key);
bool BoolOr(const Json& json, const char* key, bool otherwise);

/// A file of `dir` as JSON; an empty object where there is none.
Result<Json> ReadOptionalJson(const std::filesystem::path& dir, const char* name);
/// tokenizer_config.json's special tokens are strings, or objects with their content.
std::string SpecialToken(const Json& config, const char* key, const char* otherwise);

/// tokenizer_config.json's tokenizer_class without "Fast", or else config.json's model_type; empty where neither says.
std::string TokenizerFamily(const Json& tokenizer_config, const Json& config);

/// Collects an object of pieces and ids, a member at a time.
class PiecesById {
 public:
  void Take(const std::string& piece, const Json& id);
  /// By id. Errors: kInvalidModel.
  Result<std::vector<std::string>> All(const std::string& where) &&;

 private:
  std::vector<std::string> pieces_;
  std::string problem_;
};

/// tokenizer.json's added_tokens, and its post_processor: before, between and after. Errors: kInvalidModel;
/// kUnsupported.
Result<TokenFrame> ReadFrame(const Json& tokenizer, const std::string& where);

/// Errors: kInvalidModel.
Result<std::string> DecodeBase64(std::string_view text, const std::string& where);
std::string EncodeBase64(std::string_view bytes);

/// A whole tokenizer.json, of any kind. `where` opens the messages. Errors: as Tokenizer::Load's.
Result<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& where);

/// Readers of the kinds: of a parsed tokenizer.json, whose model.vocab, where it is an object, was collected into
/// `pieces`; and of a directory's other files.
Result<Tokenizer> WordPieceFromJson(const Json& json, PiecesById pieces, const std::string& where);
Result<Tokenizer> WordPieceFromVocabTxt(const std::filesystem::path& dir);
Result<Tokenizer> UnigramFromJson(const Json& json, const std::string& where);
Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path);
Result<Tokenizer> ByteLevelBpeFromJson(const Json& json, PiecesById pieces, const std::string& where);
Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir);

}  // namespace winnow
