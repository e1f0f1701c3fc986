// WordPiece from tokenizer.json, or from BERT's vocab.txt with tokenizer_config.json.
#include <algorithm>
#include <array>

#include "base/files.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

/// null means "as lowercase", as in Hugging Face's.
bool StripAccents(const Json& json, bool lowercase) { return BoolOr(json, "strip_accents", lowercase); }

Result<BertNormalization> ReadNormalizer(const Json& json, const std::string& where) {
  BertNormalization result{
      .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};
  if (json.is_null()) return result;
  if (TypeOf(json) == "BertNormalizer") {
    result.clean_text = BoolOr(json, "clean_text", true);
    result.handle_chinese_chars = BoolOr(json, "handle_chinese_chars", true);
    result.lowercase = BoolOr(json, "lowercase", true);
    result.strip_accents = StripAccents(json, result.lowercase);
    return result;
  }
  if (TypeOf(json) == "Lowercase") {
    result.lowercase = true;
    return result;
  }
  return UnsupportedTokenizer(where, "normalizer", TypeOf(json));
}

}  // namespace

Result<Tokenizer> WordPieceFromJson(const Json& json, PiecesById pieces, const std::string& where) {
  const Json& model = Member(json, "model");
  TokenizerParts parts;
  parts.normalization = TRY(ReadNormalizer(Member(json, "normalizer"), where));
  if (const std::string pre = TypeOf(Member(json, "pre_tokenizer")); pre != "BertPreTokenizer")
    return UnsupportedTokenizer(where, "pre-tokenizer", pre);
  const JsonObject object = TRY(JsonObject::Of(model, where + ": model", ErrorCode::kInvalidModel));
  parts.wordpiece.unknown = TRY(object.String("unk_token")).value_or("[UNK]");
  parts.wordpiece.continuation = TRY(object.String("continuing_subword_prefix")).value_or("##");
  parts.wordpiece.max_word_chars =
      static_cast<int>(std::clamp<int64_t>(TRY(object.Integer("max_input_chars_per_word")).value_or(100), 0, 1 << 20));
  if (!Member(model, "vocab").is_object())
    return BrokenTokenizer(where, "model.vocab is not an object of pieces and ids");
  parts.pieces = TRY(std::move(pieces).All(where));
  static_cast<TokenFrame&>(parts) = TRY(ReadFrame(json, where));
  return Tokenizer::Make(std::move(parts), where);
}

Result<Tokenizer> WordPieceFromVocabTxt(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "vocab.txt";
  const std::string text = TRY(ReadFile(path));
  const Json config = TRY(ReadOptionalJson(dir, "tokenizer_config.json"));
  TokenizerParts parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view piece = std::string_view(text).substr(begin, end - begin);
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    parts.pieces.emplace_back(piece);
    begin = end + 1;
  }
  parts.normalization.lowercase = BoolOr(config, "do_lower_case", true);
  parts.normalization.strip_accents = StripAccents(config, parts.normalization.lowercase);
  parts.normalization.handle_chinese_chars = BoolOr(config, "tokenize_chinese_chars", true);
  parts.wordpiece.unknown = SpecialToken(config, "unk_token", "[UNK]");
  const std::array names = {SpecialToken(config, "pad_token", "[PAD]"), parts.wordpiece.unknown,
                            SpecialToken(config, "cls_token", "[CLS]"), SpecialToken(config, "sep_token", "[SEP]"),
                            SpecialToken(config, "mask_token", "[MASK]")};
  for (const std::string& name : names) {
    const auto found = std::ranges::find(parts.pieces, name);
    if (found == parts.pieces.end()) continue;
    const auto id = static_cast<int32_t>(found - parts.pieces.begin());
    parts.added.push_back({.content = name, .id = id, .special = true});
    if (&name == &names[2]) parts.before = {id};
    if (&name == &names[3]) parts.after = {id};
  }
  if (parts.before.empty() || parts.after.empty()) {
    return Fail(ErrorCode::kInvalidModel,
                path.string() + ": the vocabulary has no " + (parts.before.empty() ? names[2] : names[3]),
                "use the vocab.txt of a BERT model");
  }
  return Tokenizer::Make(std::move(parts), path.string());
}

}  // namespace winnow
