// WordPiece from tokenizer.json, or from BERT's vocab.txt with the files beside it.
#include <algorithm>

#include "base/files.h"
#include "base/lines.h"
#include "tokenize/pipeline.h"
#include "tokenize/tokenizer_json.h"
#include "tokenize/wordpiece_model.h"
#include "tokenize/wordpiece_words.h"

namespace winnow {
namespace {

/// The only item of a Sequence that has one, otherwise the step itself.
const Json& OnlyStep(const Json& json, const char* items) {
  const Json* step = &json;
  while (TypeOf(*step) == "Sequence" && Member(*step, items).is_array() && Member(*step, items).size() == 1) {
    step = &Member(*step, items)[0];
  }
  return *step;
}

/// The normalizers that WordPieceModel does while it walks a text; nothing for others.
std::optional<BertNormalization> BertNormalizationOf(const Json& json) {
  BertNormalization result{
      .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};
  if (json.is_null()) return result;
  result.lowercase = BoolOr(json, "lowercase", true);
  if (TypeOf(json) == "Lowercase") return result;
  if (TypeOf(json) != "BertNormalizer") return std::nullopt;
  result.clean_text = BoolOr(json, "clean_text", true);
  result.handle_chinese_chars = BoolOr(json, "handle_chinese_chars", true);
  result.strip_accents = BoolOr(json, "strip_accents", result.lowercase);  // null means "as lowercase"
  return result;
}

constexpr int kLongestWord = 300;  // that WordPieceModel has a buffer for

}  // namespace

Result<std::unique_ptr<const PieceModel>> WordPieceFromJson(const Json& json, PiecesById pieces,
                                                            std::span<const AddedToken> added,
                                                            const std::string& where) {
  const Json& model = Member(json, "model");
  TokenizerParts parts;
  const JsonObject object = TRY(JsonObject::Of(model, where + ": model", ErrorCode::kInvalidModel));
  parts.wordpiece.unknown = TRY(object.String("unk_token")).value_or("[UNK]");
  parts.wordpiece.continuation = TRY(object.String("continuing_subword_prefix")).value_or("##");
  parts.wordpiece.max_word_chars =
      static_cast<int>(std::clamp<int64_t>(TRY(object.Integer("max_input_chars_per_word")).value_or(100), 0, 1 << 20));
  if (!Member(model, "vocab").is_object())
    return BrokenTokenizer(where, "model.vocab is not an object of pieces and ids");
  parts.pieces = TRY(std::move(pieces).All(where));
  const auto normalization = BertNormalizationOf(OnlyStep(Member(json, "normalizer"), "normalizers"));
  const bool plain = std::ranges::none_of(added, &AddedToken::normalized) || Member(json, "normalizer").is_null();
  if (normalization && plain &&
      TypeOf(OnlyStep(Member(json, "pre_tokenizer"), "pretokenizers")) == "BertPreTokenizer" &&
      parts.wordpiece.max_word_chars >= 1 && parts.wordpiece.max_word_chars <= kLongestWord) {
    parts.normalization = *normalization;
    return TRY(WordPieceModel::Make(parts, where));
  }
  auto words = std::make_unique<const WordPieceWords>(
      TRY(WordPieceVocabulary::Make(std::move(parts.pieces), parts.wordpiece, where)));
  return TRY(Pipeline::Make(json, std::move(words), where));
}

Result<Tokenizer> WordPieceFromVocabTxt(const std::filesystem::path& dir) {
  const std::string where = (dir / "vocab.txt").string();
  const std::string text = TRY(ReadFile(where));
  const TokenizerSettings settings = TRY(TokenizerSettings::Read(dir));
  TRY(settings.CheckClass(where));
  PiecesById pieces;
  std::string_view rest = text;
  for (int64_t id = 0; !rest.empty(); ++id) pieces.Take(std::string(TakeLine(rest)), id);
  const bool mpnet = settings.IsMpnet();
  const std::string unknown = settings.Special("unk_token", "[UNK]");
  const std::string first = settings.Special("cls_token", mpnet ? "<s>" : "[CLS]");
  const std::string last = settings.Special("sep_token", mpnet ? "</s>" : "[SEP]");
  TokenFrame frame;
  for (const std::string& name : {settings.Special("pad_token", mpnet ? "<pad>" : "[PAD]"), unknown, first, last,
                                  settings.Special("mask_token", mpnet ? "<mask>" : "[MASK]")}) {
    if (const int32_t place = pieces.Find(name); place >= 0)
      frame.added.push_back({.content = name, .id = place, .special = true});
  }
  settings.AddTo(frame);
  TRY(SetTemplate(frame, first, last, mpnet ? 2 : 1, where));
  const Json json = {{"normalizer",
                      {{"type", "BertNormalizer"},
                       {"clean_text", true},
                       {"handle_chinese_chars", BoolOr(settings.config, "tokenize_chinese_chars", true)},
                       {"strip_accents", Member(settings.config, "strip_accents")},
                       {"lowercase", BoolOr(settings.config, "do_lower_case", true)}}},
                     {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                     {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
                     {"model", {{"type", "WordPiece"}, {"unk_token", unknown}, {"vocab", Json::object()}}}};
  return TokenizerOfJson(json, std::move(pieces), std::move(frame), where);
}

}  // namespace winnow
