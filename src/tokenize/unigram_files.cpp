// Unigram from tokenizer.json, and from SentencePiece's own files with the ids of the families that use them.
#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "tokenize/pipeline.h"
#include "tokenize/sentencepiece_model.h"
#include "tokenize/tokenizer_json.h"
#include "tokenize/unigram_words.h"

namespace winnow {
namespace {

using Kind = UnigramPiece::Kind;
using Prefix = UnigramNormalization::Prefix;
using Spaces = UnigramNormalization::Spaces;

Result<UnigramParts> ReadModel(const Json& model, const TokenFrame& frame, const std::string& where) {
  UnigramParts parts;
  parts.byte_fallback = BoolOr(model, "byte_fallback", false);
  const Json& vocab = Member(model, "vocab");
  if (!vocab.is_array()) return BrokenTokenizer(where, "model.vocab is not a list of pieces and scores");
  const Json& unknown = Member(model, "unk_id");
  if (!unknown.is_number_integer() || unknown.get<int64_t>() < 0 ||
      static_cast<uint64_t>(unknown.get<int64_t>()) >= vocab.size())
    return BrokenTokenizer(where, "model.unk_id is not the id of a piece");
  std::set<std::string_view> special;
  for (const AddedToken& token : frame.added) {
    if (frame.HasRole(token)) special.insert(token.content);
  }
  parts.pieces.reserve(vocab.size());
  for (const Json& item : vocab) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_number())
      return BrokenTokenizer(where, "model.vocab[" + std::to_string(parts.pieces.size()) + "] is not [piece, score]");
    UnigramPiece piece{.text = item[0].get<std::string>(), .score = item[1].get<double>()};
    if (special.contains(piece.text)) piece.kind = Kind::kControl;
    if (parts.byte_fallback && piece.text.size() == 6 && piece.text.starts_with("<0x")) piece.kind = Kind::kByte;
    parts.pieces.push_back(std::move(piece));
  }
  UnigramPiece& piece = parts.pieces[static_cast<size_t>(unknown.get<uint64_t>())];
  parts.finds_unknown = piece.kind == Kind::kNormal;
  piece.kind = Kind::kUnknown;
  return parts;
}

int32_t FindPiece(const UnigramParts& parts, std::string_view text) {
  const auto found = std::ranges::find(parts.pieces, text, &UnigramPiece::text);
  return found == parts.pieces.end() ? -1 : static_cast<int32_t>(found - parts.pieces.begin());
}

/// DeBERTa-v2/v3: SentencePiece's ids; [MASK], and whatever else the files beside it name, after them.
Result<TokenFrame> DebertaFrame(const UnigramParts& parts, const TokenizerSettings& settings,
                                const std::string& where) {
  TokenFrame frame;
  constexpr std::array kNames = {std::pair{"pad_token", "[PAD]"}, std::pair{"cls_token", "[CLS]"},
                                 std::pair{"sep_token", "[SEP]"}, std::pair{"unk_token", "[UNK]"},
                                 std::pair{"mask_token", "[MASK]"}};
  for (const auto& [key, otherwise] : kNames) {
    const std::string token = settings.Special(key, otherwise);
    const int32_t id = FindPiece(parts, token);
    const bool given = std::ranges::find(settings.added, token, &AddedToken::content) != settings.added.end();
    if (id < 0 && !given && key != std::string_view("mask_token"))
      return BrokenTokenizer(where, "there is no piece " + token);
    if (id >= 0) frame.added.push_back({.content = token, .id = id, .special = true});
  }
  settings.AddTo(frame);
  const std::string mask = settings.Special("mask_token", "[MASK]");
  if (std::ranges::find(frame.added, mask, &AddedToken::content) == frame.added.end())
    frame.added.push_back({.content = mask, .special = true});
  TRY(SetTemplate(frame, settings.Special("cls_token", "[CLS]"), settings.Special("sep_token", "[SEP]"), 1, where));
  return frame;
}

/// XLM-RoBERTa: <s> <pad> </s> <unk>, then SentencePiece's pieces but its first three, and <mask> (fairseq's order, as
/// transformers' XLMRobertaTokenizer describes it).
Result<TokenFrame> XlmRobertaFrame(UnigramParts& parts, const std::string& where) {
  constexpr std::array kOwn = {std::pair{"<unk>", Kind::kUnknown}, std::pair{"<s>", Kind::kControl},
                               std::pair{"</s>", Kind::kControl}};
  constexpr std::array kFirst = {"<s>", "<pad>", "</s>", "<unk>"};
  for (size_t i = 0; i < kOwn.size(); ++i) {
    if (i >= parts.pieces.size() || parts.pieces[i].text != kOwn[i].first || parts.pieces[i].kind != kOwn[i].second) {
      return BrokenTokenizer(where,
                             "piece " + std::to_string(i) + " must be " + kOwn[i].first + ", as in XLM-RoBERTa models");
    }
  }
  parts.pieces.erase(parts.pieces.begin(), parts.pieces.begin() + kOwn.size());
  std::vector<UnigramPiece> first;
  TokenFrame frame;
  for (const char* text : kFirst) {
    const bool unknown = std::string_view(text) == "<unk>";
    frame.added.push_back({.content = text, .id = static_cast<int32_t>(first.size()), .special = true});
    first.push_back({.text = text, .kind = unknown ? Kind::kUnknown : Kind::kControl});
  }
  parts.pieces.insert(parts.pieces.begin(), first.begin(), first.end());
  frame.added.push_back({.content = "<mask>", .id = static_cast<int32_t>(parts.pieces.size()), .special = true});
  frame.before = {0};
  frame.after = {2};
  frame.between = {2, 2};
  return frame;
}

}  // namespace

Result<std::unique_ptr<const PieceModel>> UnigramFromJson(const Json& json, const TokenFrame& frame,
                                                          const std::string& where) {
  UnigramParts parts = TRY(ReadModel(Member(json, "model"), frame, where));
  return TRY(Pipeline::Make(json, TRY(UnigramWords::Make(std::move(parts), where)), where));
}

namespace {

/// The normalizer and pre-tokenizer by which transformers replaces SentencePiece's own: version 5 for XLM-RoBERTa,
/// version 4.57 (convert_slow_tokenizer.py) for DeBERTa.
Json StepsOf(const UnigramNormalization& options, bool deberta, bool split_by_punct) {
  Json normalizers = Json::array(), pre_tokenizers = Json::array();
  if (options.lowercase) normalizers.push_back({{"type", "Lowercase"}});
  if (deberta) normalizers.push_back({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
  if (!options.charsmap.empty())
    normalizers.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", EncodeBase64(options.charsmap)}});
  if (deberta) normalizers.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
  if (split_by_punct) pre_tokenizers.push_back({{"type", "Punctuation"}, {"behavior", "Isolated"}});
  if (!deberta) pre_tokenizers.push_back({{"type", "WhitespaceSplit"}});
  const bool prefix = options.prefix == Prefix::kAlways;
  const Json metaspace = {{"type", "Metaspace"},
                          {"replacement", kSpaceSymbol},
                          {"prepend_scheme", prefix ? "always" : "never"},
                          {"split", true}};
  pre_tokenizers.push_back(metaspace);
  return {{"normalizer", {{"type", "Sequence"}, {"normalizers", std::move(normalizers)}}},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", std::move(pre_tokenizers)}}},
          {"decoder", metaspace}};
}

}  // namespace

Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path) {
  const std::string where = path.string();
  const TokenizerSettings settings = TRY(TokenizerSettings::Read(path.parent_path()));
  std::string family = settings.family;
  if (family.empty() || family == "PreTrainedTokenizer" || family == "TokenizersBackend")
    family = path.filename() == "spm.model" ? "deberta-v2" : "xlm-roberta";
  const bool deberta = family == "DebertaV2Tokenizer" || family == "deberta-v2";
  if (!deberta && family != "XLMRobertaTokenizer" && family != "xlm-roberta" && family != "xlm-roberta-xl")
    return UnsupportedTokenizer(where, "tokenizer", family);
  UnigramParts parts = TRY(ParseSentencePieceModel(TRY(ReadFile(path)), where));
  parts.normalization.lowercase = deberta && BoolOr(settings.config, "do_lower_case", false);
  const bool split_by_punct = deberta && BoolOr(settings.config, "split_by_punct", false);
  TokenFrame frame;
  if (deberta) {
    frame = TRY(DebertaFrame(parts, settings, where));
  } else {
    frame = TRY(XlmRobertaFrame(parts, where));
    settings.AddTo(frame);
  }
  const bool finds_added = std::ranges::any_of(settings.added, [](const AddedToken& token) { return !token.special; });
  std::unique_ptr<const PieceModel> model;
  // Of DeBERTa's texts without either, versions of transformers make different tokens; SentencePiece's own are the
  // model's.
  if (!deberta || split_by_punct || finds_added) {
    const Json steps = StepsOf(parts.normalization, deberta, split_by_punct);
    model = TRY(Pipeline::Make(steps, TRY(UnigramWords::Make(std::move(parts), where)), where));
  } else {
    model = TRY(Unigram::Make(std::move(parts), where));
  }
  AssignIds(frame.added, *model, where);
  return Tokenizer::Make(std::move(model), std::move(frame), where);
}

PieceModel::Files Unigram::Describe() const {
  const UnigramNormalization& options = normalizer_.options();
  Json steps = Json::array();
  if (options.lowercase) steps.push_back({{"type", "Lowercase"}});
  if (!options.charsmap.empty())
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", EncodeBase64(options.charsmap)}});
  const Json metaspace = {{"type", "Metaspace"},
                          {"replacement", kSpaceSymbol},
                          {"prepend_scheme", options.prefix == Prefix::kNever ? "never" : "always"},
                          {"split", true}};
  Json pre = metaspace;
  if (options.spaces == Spaces::kBetweenWords)
    pre = {{"type", "Sequence"}, {"pretokenizers", Json::array({{{"type", "WhitespaceSplit"}}, metaspace})}};
  Json vocab = Json::array();
  for (const UnigramPiece& piece : pieces_) vocab.push_back(Json::array({piece.text, piece.score}));
  Files files;
  files.tokenizer = {
      {"normalizer", steps.empty() ? Json() : Json{{"type", "Sequence"}, {"normalizers", std::move(steps)}}},
      {"pre_tokenizer", std::move(pre)},
      {"decoder", metaspace},
      {"model",
       {{"type", "Unigram"}, {"unk_id", unknown_id_}, {"byte_fallback", byte_fallback_}, {"vocab", std::move(vocab)}}}};
  const bool fairseq = piece(0) == "<s>";
  files.config = {{"tokenizer_class", fairseq ? "XLMRobertaTokenizerFast" : "DebertaV2TokenizerFast"}};
  if (!fairseq) files.config["do_lower_case"] = lowercase();
  return files;
}

}  // namespace winnow
