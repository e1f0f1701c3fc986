// In the module without other tokenizers, in place of tokenize/unigram_files.cpp and tokenize/byte_level_files.cpp.
#include <string>
#include <string_view>

#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

std::unexpected<Error> Refuse(const std::string& where, std::string_view kind) {
  return Fail(ErrorCode::kUnsupported,
              where + ": the tokenizer is of the kind " + std::string(kind) + ", but this module reads WordPiece alone",
              "use winnow.wasm");
}

}  // namespace

Result<std::unique_ptr<const PieceModel>> UnigramFromJson(const Json&, const TokenFrame&, const std::string& where) {
  return Refuse(where, "Unigram");
}

Result<std::unique_ptr<const PieceModel>> BpeFromJson(const Json&, PiecesById, const std::string& where) {
  return Refuse(where, "BPE");
}

Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path) {
  return Refuse(path.string(), "Unigram");
}

Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir) {
  return Refuse((dir / "vocab.json").string(), "BPE");
}

}  // namespace winnow
