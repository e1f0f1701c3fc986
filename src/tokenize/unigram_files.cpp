// Unigram from tokenizer.json, and from SentencePiece's own files with the ids of the families that use them.
#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "tokenize/sentencepiece_model.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

using Kind = UnigramPiece::Kind;
using Prefix = UnigramNormalization::Prefix;
using Spaces = UnigramNormalization::Spaces;

/// tokenizer.json's normaliser. What SentencePiece does with spaces is written there as Strip and Replace.
Result<void> ReadNormalizer(const Json& json, const std::string& where, int depth, UnigramNormalization& to) {
  if (json.is_null()) return {};
  const std::string type = TypeOf(json);
  if (type == "Sequence") {
    const Json& items = Member(json, "normalizers");
    if (!items.is_array() || depth > 4) return BrokenTokenizer(where, "normalizer.normalizers is not a list");
    for (const Json& item : items) TRY(ReadNormalizer(item, where, depth + 1, to));
    return {};
  }
  static const std::pair<const char*, RewriteStep> kSteps[] = {
      {"Nmt", RewriteStep::kNmt},   {"NFC", RewriteStep::kNfc},   {"NFD", RewriteStep::kNfd},
      {"NFKC", RewriteStep::kNfkc}, {"NFKD", RewriteStep::kNfkd}, {"Lowercase", RewriteStep::kLowercase}};
  for (const auto& [name, step] : kSteps) {
    if (type != name) continue;
    if (!to.charsmap.empty()) return UnsupportedTokenizer(where, "normalizer after Precompiled", type);
    to.rewrite.push_back(step);
    return {};
  }
  if (type == "Precompiled") {
    const Json& map = Member(json, "precompiled_charsmap");
    if (!map.is_string()) return BrokenTokenizer(where, "normalizer.precompiled_charsmap is not a string");
    to.charsmap = TRY(DecodeBase64(map.str(), where));
    return {};
  }
  if (type == "Strip") {
    to.strip_left = to.strip_left || BoolOr(json, "strip_left", true);
    to.strip_right = to.strip_right || BoolOr(json, "strip_right", true);
    return {};
  }
  if (type == "Prepend" && Member(json, "prepend") == kSpaceSymbol) {
    to.prefix = Prefix::kAlways;
    return {};
  }
  if (type == "Replace") {
    const Json& pattern = Member(json, "pattern");
    const Json& content = Member(json, "content");
    if (Member(pattern, "Regex") == " {2,}" && (content == " " || content == kSpaceSymbol)) {
      if (to.spaces == Spaces::kAll) to.spaces = Spaces::kSingle;
      return {};
    }
    if (Member(pattern, "String") == " " && content == kSpaceSymbol) return {};
    return UnsupportedTokenizer(where, "normalizer",
                                "Replace of " + DumpJsonLine(pattern) + " by " + DumpJsonLine(content));
  }
  return UnsupportedTokenizer(where, "normalizer", type);
}

Result<void> ReadPreTokenizer(const Json& json, const std::string& where, int depth, UnigramNormalization& to) {
  if (json.is_null()) return {};
  const std::string type = TypeOf(json);
  if (type == "Sequence") {
    const Json& items = Member(json, "pretokenizers");
    if (!items.is_array() || depth > 4) return BrokenTokenizer(where, "pre_tokenizer.pretokenizers is not a list");
    for (const Json& item : items) TRY(ReadPreTokenizer(item, where, depth + 1, to));
    return {};
  }
  if (type == "WhitespaceSplit") {
    to.spaces = Spaces::kBetweenWords;
    return {};
  }
  if (type == "Metaspace") {
    if (const Json& symbol = Member(json, "replacement"); !symbol.is_null() && symbol != kSpaceSymbol)
      return UnsupportedTokenizer(where, "pre-tokenizer", "Metaspace with " + DumpJsonLine(symbol));
    const bool never = Member(json, "prepend_scheme") == "never" || !BoolOr(json, "add_prefix_space", true);
    to.prefix = never ? Prefix::kNever : Prefix::kUnlessThere;
    return {};
  }
  return UnsupportedTokenizer(where, "pre-tokenizer", type);
}

Result<UnigramParts> ReadModel(const Json& model, std::span<const AddedToken> added, const std::string& where) {
  UnigramParts parts;
  parts.byte_fallback = BoolOr(model, "byte_fallback", false);
  const Json& vocab = Member(model, "vocab");
  if (!vocab.is_array()) return BrokenTokenizer(where, "model.vocab is not a list of pieces and scores");
  const Json& unknown = Member(model, "unk_id");
  if (!unknown.is_number_integer() || unknown.get<int64_t>() < 0 ||
      static_cast<uint64_t>(unknown.get<int64_t>()) >= vocab.size())
    return BrokenTokenizer(where, "model.unk_id is not the id of a piece");
  std::set<std::string_view> special;
  for (const AddedToken& token : added) {
    if (token.special) special.insert(token.content);
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
  parts.pieces[unknown.get<size_t>()].kind = Kind::kUnknown;
  return parts;
}

int32_t FindPiece(const UnigramParts& parts, std::string_view text) {
  const auto found = std::ranges::find(parts.pieces, text, &UnigramPiece::text);
  return found == parts.pieces.end() ? -1 : static_cast<int32_t>(found - parts.pieces.begin());
}

/// DeBERTa-v2/v3: SentencePiece's ids; [MASK], and whatever else added_tokens.json names, after them.
Result<TokenFrame> DebertaFrame(UnigramParts& parts, const Json& config, const Json& added, const std::string& where) {
  if (BoolOr(config, "split_by_punct", false))
    return Fail(ErrorCode::kUnsupported, where + ": tokenizer_config.json sets split_by_punct, which is not supported");
  if (BoolOr(config, "do_lower_case", false)) parts.normalization.rewrite.push_back(RewriteStep::kLowercase);
  TokenFrame frame;
  constexpr std::array kNames = {std::pair{"pad_token", "[PAD]"}, std::pair{"cls_token", "[CLS]"},
                                 std::pair{"sep_token", "[SEP]"}, std::pair{"unk_token", "[UNK]"},
                                 std::pair{"mask_token", "[MASK]"}};
  for (const auto& [key, otherwise] : kNames) {
    const std::string token = SpecialToken(config, key, otherwise);
    int32_t id = FindPiece(parts, token);
    if (const Json& given = Member(added, token); id < 0 && given.is_number_integer()) id = given.get<int32_t>();
    if (id < 0 && key == std::string_view("mask_token")) id = static_cast<int32_t>(parts.pieces.size());
    if (id < 0) return BrokenTokenizer(where, "there is no piece " + token);
    frame.added.push_back({.content = token, .id = id, .special = true});
    if (key == std::string_view("cls_token")) frame.before = {id};
    if (key == std::string_view("sep_token")) frame.after = {id};
  }
  for (const auto& [token, id] : added.items()) {
    if (std::ranges::find(frame.added, token, &AddedToken::content) != frame.added.end()) continue;
    if (!id.is_number_integer()) return BrokenTokenizer(where, "added_tokens.json has no id for '" + token + "'");
    frame.added.push_back({.content = token, .id = id.get<int32_t>()});
  }
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

Result<Tokenizer> UnigramFromJson(const Json& json, const std::string& where) {
  TokenFrame frame = TRY(ReadFrame(json, where));
  UnigramParts parts = TRY(ReadModel(Member(json, "model"), frame.added, where));
  parts.normalization.prefix = Prefix::kNever;
  parts.normalization.spaces = Spaces::kAll;
  TRY(ReadNormalizer(Member(json, "normalizer"), where, 0, parts.normalization));
  TRY(ReadPreTokenizer(Member(json, "pre_tokenizer"), where, 0, parts.normalization));
  return Tokenizer::Make(TRY(Unigram::Make(std::move(parts), where)), std::move(frame), where);
}

Result<Tokenizer> UnigramFromSentencePiece(const std::filesystem::path& path) {
  const std::string where = path.string();
  const std::filesystem::path dir = path.parent_path();
  const Json config = TRY(ReadOptionalJson(dir, "tokenizer_config.json"));
  std::string family = TokenizerFamily(config, TRY(ReadOptionalJson(dir, "config.json")));
  if (family.empty()) family = path.filename() == "spm.model" ? "deberta-v2" : "xlm-roberta";
  UnigramParts parts = TRY(ParseSentencePieceModel(TRY(ReadFile(path)), where));
  TokenFrame frame;
  if (family == "DebertaV2Tokenizer" || family == "deberta-v2") {
    frame = TRY(DebertaFrame(parts, config, TRY(ReadOptionalJson(dir, "added_tokens.json")), where));
  } else if (family == "XLMRobertaTokenizer" || family == "xlm-roberta" || family == "xlm-roberta-xl") {
    frame = TRY(XlmRobertaFrame(parts, where));
  } else {
    return UnsupportedTokenizer(where, "tokenizer", family);
  }
  return Tokenizer::Make(TRY(Unigram::Make(std::move(parts), where)), std::move(frame), where);
}

PieceModel::Files Unigram::Describe() const {
  const UnigramNormalization& options = normalizer_.options();
  Json steps = Json::array();
  for (const RewriteStep step : options.rewrite) {
    constexpr const char* kNames[] = {"Nmt", "NFC", "NFD", "NFKC", "NFKD", "Lowercase"};
    steps.push_back({{"type", kNames[static_cast<size_t>(step)]}});
  }
  if (options.strip_left || options.strip_right)
    steps.push_back({{"type", "Strip"}, {"strip_left", options.strip_left}, {"strip_right", options.strip_right}});
  if (!options.charsmap.empty())
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", EncodeBase64(options.charsmap)}});
  if (options.spaces == Spaces::kSingle)
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
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
